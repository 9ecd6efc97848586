import type { Remark } from '../advice.ts';

/**
 * How Redis is reached: one server (`url`), a master behind Sentinels (`sentinels`, `name`) or a Cluster (`nodes`). It
 * loads no driver: the configuration reads it too.
 */
export interface RedisSettings {
  url?: string | undefined;
  sentinels: readonly string[];
  name?: string | undefined;
  nodes: readonly string[];
  username?: string | undefined;
  password?: string | undefined;
  prefix?: string | undefined;
  ca_file?: string | undefined;
}

export interface Address {
  host: string;
  port: number;
  /** Over TLS: the scheme is `rediss:`. */
  tls: boolean;
  username?: string;
  password?: string;
  database: number;
}

export const defaults = { url: 'redis://127.0.0.1:6379', name: 'mymaster', prefix: 'gatehouse:' } as const;

/** Reads `redis://user:password@host:6379/0`, of which only scheme and host are needed; undefined when it is none. */
export function readAddress(text: string, port = 6379): Address | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const [, database] = /^(?:\/(\d{0,4}))?$/.exec(url?.pathname ?? '-') ?? [undefined, '-'];

  if (!url || !/^rediss?:$/.test(url.protocol) || url.hostname === '' || database === '-') return undefined;
  if (url.search !== '' || url.hash !== '') return undefined;

  const username = decoded(url.username);
  const password = decoded(url.password);
  if (username === undefined || password === undefined) return undefined;

  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? port : Number(url.port),
    tls: url.protocol === 'rediss:',
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    database: Number(database ?? 0),
  };
}

export interface Way {
  option: 'url' | 'sentinels' | 'nodes';
  addresses: readonly Address[];
}

/** How Redis is to be reached: the first way that is set, or the default. */
export function wayOf({ url = defaults.url, sentinels, nodes }: RedisSettings): Way {
  if (sentinels.length > 0) return { option: 'sentinels', addresses: sentinels.map((text) => addressOf(text, 26_379)) };
  if (nodes.length > 0) return { option: 'nodes', addresses: nodes.map((text) => addressOf(text)) };

  return { option: 'url', addresses: [addressOf(url)] };
}

/** What is wrong between settings that are each right alone. */
export function checkSettings(settings: RedisSettings): Remark[] {
  const { url, sentinels, nodes, name, username, password } = settings;
  const { option, addresses } = wayOf(settings);
  const remarks: Remark[] = [];
  const refuse = (what: string, message: string, mend: string) => void remarks.push({ option: what, message, mend });

  if (url !== undefined && option !== 'url') {
    refuse('url', `must not be set beside ${option}.`, 'Keep one of url, sentinels and nodes.');
  }
  if (sentinels.length > 0 && nodes.length > 0) {
    refuse('nodes', 'must not be set beside sentinels.', 'Keep one of url, sentinels and nodes.');
  }
  if (name !== undefined && option !== 'sentinels') {
    refuse('name', 'is what Sentinels call the master.', 'Set sentinels, or remove it.');
  }
  if (new Set(addresses.map(({ tls }) => tls)).size > 1) {
    refuse(option, 'must be all redis: or all rediss:.', 'Write one scheme everywhere.');
  }
  if (option !== 'url' && addresses.some(({ database }) => database > 0)) {
    refuse(option, 'must not name a database.', 'Leave the number out.');
  }
  if (username !== undefined && password === undefined) {
    refuse('username', 'needs a password.', 'Set password, or remove it.');
  }
  if (password !== undefined && option !== 'sentinels' && addresses.some((address) => address.password !== undefined)) {
    refuse('password', `is in ${option} already.`, 'Keep one of the two.');
  }

  return remarks;
}

/** What works over a network, for everybody on it. */
export function adviseSettings(settings: RedisSettings): Remark[] {
  const { option, addresses } = wayOf(settings);
  const away = addresses.filter(({ host }) => !/^(localhost|127\.[\d.]+|::1)$/.test(host));

  // At Sentinels, a password in an address is theirs.
  const isKnown = option !== 'sentinels' && away.some((address) => address.password !== undefined);
  const remarks: Remark[] = [];

  if (away.some(({ tls }) => !tls)) {
    const message = 'goes over the network without TLS: whoever listens there reads what is kept, and the password.';
    remarks.push({ option, message, mend: 'Write rediss: and let Redis speak TLS, or keep both on one machine.' });
  }
  if (away.length > 0 && settings.password === undefined && !isKnown) {
    const message = 'has no password: whoever reaches Redis may read and change what is kept.';
    remarks.push({ option, message, mend: 'Give Redis an ACL user with a password, and name both here.' });
  }

  return remarks;
}

function addressOf(text: string, port?: number): Address {
  const address = readAddress(text, port);

  if (!address) throw new TypeError('an address that the schema let through is none');

  return address;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
