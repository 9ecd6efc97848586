/**
 * An address that mail can be sent to: no quotes, commas, brackets or control characters, whose readings differ between
 * mail programs (an address of two readings reaches somebody else). Nor what servers on the way still take for a route
 * (`eve%evil.example@…`, `evil.example!eve@…`) or for an encoded word. Lengths: RFC 5321 section 4.5.3.1.
 */
export function isEmailAddress(value: string): boolean {
  const at = value.lastIndexOf('@');
  const [local, domain] = [value.slice(0, at), value.slice(at + 1)];

  return (
    at > 0 &&
    value.length <= 254 &&
    local.length <= 64 &&
    !local.includes('=?') &&
    /^[\p{L}\p{M}\p{N}#$&'*+/=?^_`{|}~-]+(\.[\p{L}\p{M}\p{N}#$&'*+/=?^_`{|}~-]+)*$/u.test(local) &&
    /^[\p{L}\p{N}]([\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?)*$/u.test(
      domain,
    )
  );
}
