import { isIPv6 } from 'node:net';

/**
 * Who counts as one visitor for limits: what one subscriber has. That is an IPv4 address, also one that is written as
 * IPv6 (RFC 4291 section 2.5.5.2), or an IPv6 /64, any of whose addresses they can use at will.
 */
export function networkOf(ip: string): string {
  const [address = ''] = ip.split('%');
  if (!isIPv6(address)) return address;

  const words = wordsOf(address);
  const [high = 0, low = 0] = words.slice(6);
  const isMapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff;

  return isMapped
    ? [high >> 8, high & 255, low >> 8, low & 255].join('.')
    : `${words
        .slice(0, 4)
        .map((word) => word.toString(16))
        .join(':')}::/64`;
}

function wordsOf(address: string): number[] {
  // A URL holds an address in one form, a dotted end as words.
  const [head = '', tail = ''] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const [before, after] = [head, tail].map((part) => part.split(':').filter(Boolean)) as [string[], string[]];
  const between = Array.from({ length: 8 - before.length - after.length }, () => '0');

  return [...before, ...between, ...after].map((word) => Number.parseInt(word, 16));
}
