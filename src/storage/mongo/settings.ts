import type { Remark } from '../advice.ts';

/** How MongoDB is reached. It loads no driver: the configuration reads it too. */
export interface MongoSettings {
  url?: string | undefined;
  database?: string | undefined;
  pool_size: number;
}

export interface Address {
  hosts: readonly string[];
  /** Whether it names a user; a client certificate counts as one. */
  credentials: boolean;
  database?: string;
  /** The replica set that they are to be of. */
  set?: string;
  tls: boolean;
  /** Whether anybody's certificate is taken. */
  trusting: boolean;
}

export const defaults = { url: 'mongodb://127.0.0.1:27017', database: 'gatehouse' } as const;

/** `mongodb://user:password@host:27017,host/database?options`, of which only scheme and host are needed. */
const form =
  /^mongodb(?<srv>\+srv)?:\/\/(?:(?<user>[^\s:/?#[\]@]+)(?::[^\s:/?#[\]@]*)?@)?(?<hosts>[^\s/?#@]+)(?:\/(?<database>[^\s/?#]*)(?:\?(?<query>[^\s#]*))?)?$/;

const host = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]|%2[Ff][A-Za-z0-9%._-]+)(?::\d{1,5})?$/;

/** Reads an address; undefined when it is none. */
export function readAddress(text: string): Address | undefined {
  const { srv, user, hosts = '', database = '', query = '' } = form.exec(text)?.groups ?? {};
  const all = hosts.split(',');

  if (!isEncoded(text) || !all.every((each) => host.test(each))) return undefined;
  if (srv !== undefined && (all.length > 1 || hosts.includes(':'))) return undefined;
  if (database !== '' && !databaseName.test(database)) return undefined;

  const options = new URLSearchParams(query);
  const written = (name: string) => [...options].find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  const option = (name: string) => written(name)?.toLowerCase();
  const set = written('replicaSet');
  const tls = option('tls') ?? option('ssl') ?? (srv === undefined ? 'false' : 'true');

  return {
    hosts: all,
    credentials: user !== undefined || option('authMechanism') === 'mongodb-x509',
    ...(database !== '' && { database }),
    ...(set && { set }),
    tls: tls === 'true',
    trusting: ['tlsInsecure', 'tlsAllowInvalidCertificates', 'tlsAllowInvalidHostnames'].some(
      (name) => option(name) === 'true',
    ),
  };
}

/** At most 63 bytes, and nothing that any system refuses in a name. */
export const databaseName = /^[A-Za-z0-9_-]{1,63}$/;

/** The database: the one that is set, else the URL's, else ours. */
export function databaseOf({ url = defaults.url, database }: MongoSettings): string {
  return database ?? readAddress(url)?.database ?? defaults.database;
}

/** Where it is, without credentials: in what is said of it. */
export function placeOf({ url = defaults.url }: MongoSettings): string {
  const { hosts = [], set } = readAddress(url) ?? {};
  const where = hosts.length === 0 ? '' : ` at ${hosts.map(decodeURIComponent).join(', ')}`;

  return `MongoDB${where}${set === undefined ? '' : ` (replica set ${set})`}`;
}

/** What works over a network, for everybody on it. */
export function adviseSettings({ url = defaults.url }: MongoSettings): Remark[] {
  const address = readAddress(url);
  const away = address?.hosts.some((each) => !/^(localhost|127\.[\d.]+|\[::1\]|%2[Ff].*)(:\d+)?$/.test(each));
  const remarks: Remark[] = [];

  if (!address || !away) return [];

  if (!address.tls) {
    const message = 'goes over the network without TLS: whoever listens there reads what is kept.';
    remarks.push({ option: 'url', message, mend: 'Add tls=true to its options and let MongoDB speak TLS.' });
  }
  if (address.tls && address.trusting) {
    const message = 'takes any certificate: whoever stands in between reads what is kept, and the password.';
    remarks.push({ option: 'url', message, mend: 'Leave that option out; tlsCAFile names an authority of your own.' });
  }
  if (!address.credentials) {
    const message = 'names no user: whoever reaches MongoDB may read and change what is kept.';
    remarks.push({ option: 'url', message, mend: 'Turn on authorization and name a user of this database alone.' });
  }

  return remarks;
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
