import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';

import ipaddr from 'ipaddr.js';

/** Every address that a name stands for. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

/** An address is none that may be asked. Nothing was sent to it. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

export const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true, verbatim: true });

/**
 * Whether a hostname is an address that must not be asked: loopback, private, link-local, shared (RFC 6598), multicast,
 * reserved, and all that carry an IPv4 address inside an IPv6 one. A name is none: its addresses are checked when it is
 * looked up. URLs have turned decimal, octal and hexadecimal forms into dotted ones by then.
 */
export function isForbidden(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (!ipaddr.isValid(address)) return false;

  return ipaddr.process(address).range() !== 'unicast';
}

/**
 * A look-up for connections. One forbidden address among several is enough to refuse them all: a name that points
 * inside and outside at once is meant to be found inside.
 */
export function createLookup(allowPrivate: boolean, resolve: Resolve): LookupFunction {
  const find = async (hostname: string): Promise<LookupAddress[]> => {
    const addresses = await resolve(hostname);

    if (addresses.length === 0) throw new Error('the name has no address');
    if (!allowPrivate && addresses.some(({ address }) => isForbidden(address))) {
      throw new AddressRefused('the name stands for an address that may not be asked');
    }

    return addresses;
  };

  return (hostname, options, answer) => {
    find(hostname).then(
      (addresses) => {
        const [first] = addresses;

        if (options.all === true) answer(null, addresses);
        else answer(null, first?.address ?? '', first?.family);
      },
      (error: Error) => answer(error, options.all === true ? [] : ''),
    );
  };
}
