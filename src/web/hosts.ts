import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import ipaddr from 'ipaddr.js';

/**
 * What a request says about where it came from and whom it means. Before anything else sees it: a foreign Host is
 * refused (S38, S48, S58), and forwarded headers are believed from configured proxies alone (S60), then replaced by
 * what we found out, so that nothing behind can be told a lie.
 */
export interface Hosts {
  /** Whether the request names us, once and plainly. */
  meansUs(request: IncomingMessage): boolean;
  /** Replaces every forwarded header; answers the client's address. */
  settle(request: IncomingMessage): string;
}

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

export interface HostSettings {
  issuer: string;
  /** Addresses or CIDR blocks of proxies. */
  trusted: readonly string[];
}

export function createHosts(settings: HostSettings): Hosts {
  const { host, hostname, protocol } = new URL(settings.issuer);
  const defaultPort = protocol === 'https:' ? '443' : '80';
  const names = new Set(host === hostname ? [host, `${host}:${defaultPort}`] : [host]);
  const trusted = settings.trusted.map(toRange);

  return {
    meansUs(request) {
      const name = request.headers.host?.toLowerCase();
      const target = request.url ?? '';

      // An absolute-form target (RFC 9112 section 3.2.2) or one that begins with // would name another host.
      return name !== undefined && names.has(name) && hostHeaders(request) === 1 && /^\/(?![/\\])/.test(target);
    },

    settle(request) {
      const ip = clientAddress(request, trusted);

      for (const name of Object.keys(request.headers)) {
        if (isForwarded(name)) delete request.headers[name];
      }

      request.headers['x-forwarded-for'] = ip;
      request.headers['x-forwarded-proto'] = protocol.slice(0, -1);

      return ip;
    },
  };
}

/** Node keeps the first of several Host headers and says nothing of the others. */
function hostHeaders(request: IncomingMessage): number {
  let count = 0;

  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    if (request.rawHeaders[index]?.toLowerCase() === 'host') count += 1;
  }

  return count;
}

function isForwarded(name: string): boolean {
  return name === 'forwarded' || name === 'x-real-ip' || name.startsWith('x-forwarded-');
}

/**
 * The rightmost address that is no proxy of ours: each proxy appends whom it heard from, so what stands left of the
 * first stranger is the stranger's own claim.
 */
function clientAddress(request: IncomingMessage, trusted: readonly Range[]): string {
  let address = peerOf(request.socket);
  if (trusted.length === 0) return address;

  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((part) => part.trim());

  while (isTrusted(address, trusted)) {
    const next = plain(forwarded.pop() ?? '');

    if (next === undefined) break;

    address = next;
  }

  return address;
}

const peers = new WeakMap<Socket, string>();

/** Parsed once for all requests of a connection. */
function peerOf(socket: Socket): string {
  let address = peers.get(socket);

  if (address === undefined) {
    address = plain(socket.remoteAddress ?? '') ?? '';
    peers.set(socket, address);
  }

  return address;
}

function isTrusted(address: string, trusted: readonly Range[]): boolean {
  if (!ipaddr.isValid(address)) return false;

  const parsed = ipaddr.process(address);

  return trusted.some(([network, bits]) => parsed.kind() === network.kind() && parsed.match(network, bits));
}

/** An address in its one form (IPv4 in IPv6 as IPv4, no zone); undefined for anything else. */
function plain(address: string): string | undefined {
  return ipaddr.isValid(address) ? ipaddr.process(address.replace(/%.*$/, '')).toString() : undefined;
}

function toRange(text: string): Range {
  return text.includes('/') ? ipaddr.parseCIDR(text) : withAllBits(ipaddr.process(text));
}

function withAllBits(address: ipaddr.IPv4 | ipaddr.IPv6): Range {
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
