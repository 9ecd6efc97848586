import { domainToASCII } from 'node:url';

import { isEmailAddress } from '../domain/email-address.ts';

/**
 * An address as the mail server is told it: checked once more where it leaves us, with the domain in the one form that
 * the DNS knows. Undefined for what could be read in two ways, which mail programs do (CVE-2025-13033 and its kin): then
 * nothing is sent at all.
 */
export function addressOnTheWire(address: string): string | undefined {
  if (!isEmailAddress(address)) return undefined;

  const at = address.lastIndexOf('@');
  const domain = domainToASCII(address.slice(at + 1));

  // What IDNA makes of letters may be something else than letters; a name that ends in digits is a number of a machine.
  return isHostName(domain) && !/(^|\.)(\d+|0x[\da-f]*)$/i.test(domain)
    ? `${address.slice(0, at)}@${domain}`
    : undefined;
}

function isHostName(domain: string): boolean {
  return domain.length <= 253 && /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?(\.[a-z\d]([a-z\d-]{0,61}[a-z\d])?)*$/.test(domain);
}

/** Whether the server must take addresses in other letters (SMTPUTF8, RFC 6531) for it. */
export function needsUtf8(address: string): boolean {
  return /[^\x20-\x7e]/.test(address);
}
