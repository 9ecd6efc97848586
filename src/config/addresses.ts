import { isIP, isIPv4 } from 'node:net';

import { z } from 'zod';

/** Whether a URL's hostname names this machine alone (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3). */
export function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]') return true;

  return isIPv4(hostname) && hostname.startsWith('127.');
}

/** The origin that a mistyped issuer probably means, or undefined. */
export function originOf(value: string): string | undefined {
  if (!URL.canParse(value)) return undefined;

  const url = new URL(value);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.origin : undefined;
}

/** An issuer is compared byte by byte by every app (OpenID Connect Discovery 4.3), so it is never mended in silence. */
export const issuerText = z.string().refine((value) => originOf(value) === value);

/** An IP address, or a block of them: '10.0.0.0/8'. */
export function isCidr(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || address.includes('%')) return false;
  if (bits === undefined) return true;

  return /^(0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}
