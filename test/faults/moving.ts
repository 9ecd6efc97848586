import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { loadConfig } from '../../src/config/load.ts';
import { openSecrets } from '../../src/config/secrets.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { newSecret } from '../../src/domain/ids.ts';
import { openRecords } from '../../src/services-stores.ts';
import { shapes, type CollectionName, type Records } from '../../src/storage/records.ts';
import { createSealing } from '../../src/storage/sealing.ts';
import { isSignedIn } from '../security/web/visits.ts';
import { emptyFolder } from '../storage/places.ts';
import { goodPassword } from '../support/app.ts';
import { openBrowser, type Browser } from '../support/browser.ts';
import { fillHouse } from '../support/house.ts';
import { openPlace, type Place } from '../support/process.ts';
import { openHouse } from '../support/records-place.ts';

/**
 * `gatehouse move` of a whole installation in processes of its own, killed with SIGKILL again and again and started
 * again, from a person's sign-in before to the same browser after it.
 */
export interface MoveRun {
  accounts: number;
  from: string;
  to: string;
  /** When it is killed: in which part of its work, and after how much of that. */
  kills: readonly { doing: 'counting' | 'copying' | 'comparing'; share: number }[];
  told?: (line: string) => void;
}

export interface MoveResult {
  rows: number;
  /** Of each attempt, the last of which ended by itself. */
  seconds: number[];
  collections: Record<string, { rows: number; sha256: string }>;
  /** What was not as it must be, in sentences. */
  wrong: string[];
}

type Env = Record<string, string>;

export async function moveUnderKills({
  accounts,
  from,
  to,
  kills,
  told = () => undefined,
}: MoveRun): Promise<MoveResult> {
  await using place = await openPlace();
  await using folder = await emptyFolder();
  await using old = await openHouse(from);
  await using next = await openHouse(to);
  const common = { GATEHOUSE_SECRETS_ENCRYPTION_KEY: newSecret(), GATEHOUSE_DEMO_ENABLED: 'false' };
  const before = { ...common, ...old.env };
  const after = { ...common, ...next.env };
  const wrong: string[] = [];
  const seconds: number[] = [];

  const browser = await signIn(place, before);
  told(`${await fill({ ...place.env, ...before }, accounts)} rows written`);

  const file = join(folder.path, 'next.yaml');
  await writeFile(file, next.yaml);
  const begin = () => place.begin(['move', '--to', file, '--json'], before);

  for (const kill of kills) {
    await using moving = begin();
    const began = performance.now();
    await moving.says((err) => hasCome(err, kill));
    await moving.kill();

    seconds.push((performance.now() - began) / 1000);
    told(`killed while ${lastLine(moving.err())}`);

    // Before anything was marked, the source is as good as ever.
    if (kill.doing !== 'counting') wrong.push(...(await mustNotStart(place, { before, after })));
  }

  const began = performance.now();
  await using last = begin();
  const code = await last.exit;
  seconds.push((performance.now() - began) / 1000);
  told(lastLine(last.err()));

  if (code !== 0)
    return { rows: 0, seconds, collections: {}, wrong: [...wrong, `it ended with ${code}: ${last.err()}`] };

  const { rows, resumed, collections } = JSON.parse(last.out()) as Omit<MoveResult, 'wrong'> & { resumed: boolean };
  const [here, there] = [await digests({ ...place.env, ...before }), await digests({ ...place.env, ...after })];

  if (resumed !== kills.some(({ doing }) => doing !== 'counting')) wrong.push(`it says resumed: ${resumed}`);
  if (JSON.stringify(here) !== JSON.stringify(there)) wrong.push('the two sides differ');
  if (JSON.stringify(here) !== JSON.stringify(collections)) wrong.push('the digests that were told are others');
  if (collections['accounts']?.rows !== accounts + 1) wrong.push(`${collections['accounts']?.rows} accounts arrived`);

  const gone = await place.run(['start'], { env: before });
  if (gone.code !== 78 || !gone.err.includes('was moved to')) wrong.push(`the old one starts: ${gone.err}`);

  await using _server = await place.start(after);
  if (!(await isSignedIn(browser))) wrong.push('the browser is not signed in any more');

  return { rows, seconds, collections, wrong };
}

async function signIn(place: Place, env: Env): Promise<Browser> {
  const email = 'ana@example.com';
  const create = ['account', 'create', '--email', email, '--password-stdin', '--verified'];
  const made = await place.run(create, { input: goodPassword, env });
  if (made.code !== 0) throw new Error(made.err);

  await using server = await place.start(env);
  const browser = openBrowser(server.url);
  const page = await browser.submit(await browser.open('/account'), { email, password: goodPassword });
  if (!(await isSignedIn(browser))) throw new Error(`nobody could sign in: ${page.words}`);

  server.kill('SIGTERM');
  await server.exit;

  return browser;
}

async function fill(env: Env, accounts: number): Promise<number> {
  const { records, sealing } = await open(env);
  await using _records = records;

  return await fillHouse(records, { accounts, sealing, now: Date.now() });
}

async function open(env: Env) {
  const { config } = loadConfig({ env });
  const { secrets } = config ? openSecrets(config) : {};
  if (!config || !secrets) throw new Error('the configuration of the run cannot be used');

  const records = await openRecords(config, { clock: systemClock, data: config.data, server: false });

  return { records, sealing: createSealing(secrets) };
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

/** `copying grants: 12,000 of 80,000 rows, …` */
function hasCome(err: string, { doing, share }: MoveRun['kills'][number]): boolean {
  return [...err.matchAll(/^(\w+) \w+: ([\d,]+)(?: of ([\d,]+))? rows/gm)].some(([, what, rows = '', of = '1']) => {
    const [done, all] = [rows, of].map((text) => Number(text.replaceAll(',', '')));

    return what === doing && (done ?? 0) >= (all ?? 0) * share;
  });
}

async function mustNotStart(place: Place, { before, after }: { before: Env; after: Env }): Promise<string[]> {
  const started = [await place.run(['start'], { env: before }), await place.run(['start'], { env: after })];

  return started
    .filter(({ code, err }) => code !== 75 || !err.includes('run the same gatehouse move again'))
    .map(({ code, err }) => `half moved, a server ends with ${code}: ${err}`);
}

/** Counted and hashed anew, without the command's own means. */
async function digests(env: Env): Promise<MoveResult['collections']> {
  await using records = (await open(env)).records;
  const found: MoveResult['collections'] = {};

  for (const name of Object.keys(shapes) as CollectionName[]) {
    if (name !== 'leases') found[name] = await digestOf(records, name);
  }

  return found;
}

async function digestOf(records: Records, name: CollectionName): Promise<{ rows: number; sha256: string }> {
  const hash = createHash('sha256');
  let rows = 0;
  let after: string | undefined;

  do {
    const page = await records[name].scan({ limit: 1000, ...(after === undefined ? {} : { after }) });

    for (const row of page.rows) {
      // What the two sides say of themselves is theirs.
      if (row.id === 'standing' || ('kind' in row && row.kind === 'storage.moved')) continue;

      hash.update(`${JSON.stringify(inOrder(row))}\n`);
      rows += 1;
    }

    after = page.next;
  } while (after !== undefined);

  return { rows, sha256: hash.digest('hex') };
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;

  const entries = Object.entries(value).map(([name, inside]) => [name, inOrder(inside)] as const);

  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
