import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { newSecret } from '../../src/domain/ids.ts';
import type { Registered } from '../../src/operations/clients.ts';
import { emptyFolder } from '../storage/places.ts';
import { peopleIn } from '../support/app.ts';
import { fillHouse } from '../support/house.ts';
import { openPlace } from '../support/process.ts';
import { servicesOn } from '../support/services.ts';
import { openPair, type Pair } from '../support/storage.ts';
import { killedBackup, killedRestore } from './backups-killed.ts';
import { keepActing, type Stage } from './crash-ledger.ts';
import { createPerson } from './person.ts';
import { asItWas, openWitness, type Worker } from './restored.ts';

/**
 * F22: `gatehouse backup` while people sign in, change, refresh and sign out, and `gatehouse restore` on an empty host,
 * each killed with SIGKILL once before where that is asked for. Only Redis, where there is one, is the same before and after.
 */
export interface BackupRun {
  pair: Pair;
  /** Who have been there for years, beside the people at work. */
  accounts: number;
  people: number;
  /** Whether both are killed once before. */
  killed: boolean;
  told?: (line: string) => void;
}

export interface BackupResult {
  /** Restored. */
  rows: number;
  acknowledged: number;
  /** Of the backup, of the restore, and from the restore's beginning until people were served. */
  seconds: { backup: number; restore: number; back: number };
  /** What was not as it must be, in sentences. */
  wrong: string[];
}

const password = 'quiet-marble-otter-47-lantern';

export async function backupUnderLoad(run: BackupRun): Promise<BackupResult> {
  const { pair, accounts, people, killed, told = () => undefined } = run;
  await using place = await openPlace();
  await using stores = await openPair(pair);
  await using elsewhere = await openPair(pair);
  await using folder = await emptyFolder();
  const file = join(folder.path, 'gatehouse.backup');
  const common = {
    GATEHOUSE_SECRETS_ENCRYPTION_KEY: newSecret(),
    GATEHOUSE_DEMO_ENABLED: 'false',
    GATEHOUSE_LIMITS_REQUESTS_AUTHORIZATIONS: '1000000',
    GATEHOUSE_LIMITS_REQUESTS_SIGN_INS: '1000000',
  };
  const old = { ...common, ...stores.env };
  const redis = Object.entries(stores.env).filter(([name]) => pair.endsWith('+redis') && name.includes('_EPHEMERA_'));
  const data = join(folder.path, 'data');
  const next = { ...common, ...elsewhere.env, ...Object.fromEntries(redis), GATEHOUSE_DATA: data };
  const emails = Array.from({ length: people + 1 }, (_, number) => `person-${number}@example.com`);
  const app = await fill({ ...place.env, ...old }, { emails, accounts });
  const [witness = '', ...others] = emails;

  const server = await place.start(old);
  const workers = others.map((email) => workerOf({ url: server.url, email, app }));
  for (const { person } of workers) await person.begin();
  const witnessed = await openWitness(server, { email: witness, password }, app);

  let stage: Stage = 'calm';
  const working = workers.map(({ person }) => keepActing(person, () => stage));
  // When one fails, the run is over for the others: the one is what is told.
  for (const one of working) one.catch(() => undefined);
  await Promise.race([pause(1500), ...working]);

  const wrong = killed ? await killedBackup(place, { file, env: old }) : [];
  const since = workers.map(({ values }) => values.length - 1);
  const making = performance.now();
  const made = await place.run(['backup', file], { env: old });
  const backup = (performance.now() - making) / 1000;
  if (made.code !== 0) throw new Error(`the backup ended with ${made.code}: ${made.err}`);

  await Promise.race([pause(300), ...working]);
  stage = 'over';
  await Promise.all(working);
  server.kill('SIGKILL');
  await server.exit;
  told(`a backup in ${backup.toFixed(1)} s`);

  if (killed) wrong.push(...(await killedRestore(place, { file, env: next })));
  const began = performance.now();
  const put = await place.run(['restore', file, '--json'], { env: next });
  const restore = (performance.now() - began) / 1000;
  if (put.code !== 0) throw new Error(`the restore ended with ${put.code}: ${put.err}`);

  await using again = await place.start(next);
  const back = (performance.now() - began) / 1000;
  const { rows } = JSON.parse(put.out) as { rows: number };
  told(`${rows} rows in ${restore.toFixed(1)} s, people were served after ${back.toFixed(1)} s`);

  const audit = await place.run(['audit', 'verify'], { env: next });
  if (audit.code !== 0) wrong.push(`the audit log does not hold: ${audit.out}`);

  const known = workers.map(({ person, values }, index) => ({ person, values: values.slice(since[index]) }));
  wrong.push(...(await asItWas(again, { workers: known, witness: witnessed })));

  const acknowledged = workers.reduce((sum, { values }) => sum + values.length, 0);

  return { rows, acknowledged, seconds: { backup, restore, back }, wrong };
}

function workerOf({ url, email, app }: { url: string; email: string; app: Registered }): Worker {
  const values: Worker['values'] = [];
  const person = createPerson({
    url,
    email,
    password,
    app,
    acknowledged() {
      const { displayName, password: secret } = person.remembered;
      values.push({ displayName: displayName.is, password: secret.is });
    },
  });

  return { person, values };
}

async function fill(
  env: Record<string, string>,
  { emails, accounts }: { emails: readonly string[]; accounts: number },
): Promise<Registered> {
  await using services = await servicesOn(env);
  const { account, client } = peopleIn(() => services);
  for (const email of emails) await account({ email, password });
  await fillHouse(services.records, { accounts, sealing: services.sealing, now: Date.now() });

  return await client('web', { redirect_uris: ['https://wiki.example.net/callback'] });
}
