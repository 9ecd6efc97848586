import type { Advice } from '../advice.ts';
import type { Connection } from './connection.ts';

/** How the server is set up, as far as that matters here. Throws Unavailable. */
export async function adviseOn({ ask, database }: Connection): Promise<Advice[]> {
  // `hello` is not known to every 4.4.
  const about = await ask(() => database.command({ isMaster: 1 }));
  const { version } = (await ask(() => database.command({ buildInfo: 1 }))) as { version?: string };
  const server = `MongoDB ${version ?? ''} keeps ${database.databaseName}`;
  const { setName, hosts = [] } = about as { setName?: string; hosts?: readonly string[] };

  if (about['msg'] === 'isdbgrid') return [{ state: 'good', message: `${server} behind mongos.` }];

  if (setName !== undefined && hosts.length > 2) {
    return [{ state: 'good', message: `${server} on ${setName}, a replica set of ${hosts.length}.` }];
  }

  const message =
    setName === undefined
      ? `${server} on one server: while it is away nothing works, and what its disk loses is lost.`
      : `${server} on ${setName}, of ${hosts.length}: without one of them no write is acknowledged.`;

  return [{ state: 'warning', message, mend: 'Run a replica set of three.' }];
}
