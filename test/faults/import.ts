import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { newSecret } from '../../src/domain/ids.ts';
import { emptyFolder } from '../storage/places.ts';
import { goodPassword } from '../support/app.ts';
import { openPlace } from '../support/process.ts';
import { openHouse } from '../support/records-place.ts';
import { endWith, options, print } from './command.ts';
import { signedIn } from './person.ts';

// `npm run faults -- import [--accounts 100000]`: accounts of another system with PBKDF2 hashes of theirs are imported into
// an empty installation. One of them signs in and is hashed anew; exported, imported into another one and exported again,
// all of them are the same.
const { accounts } = options({ accounts: 100_000 });
const wrong: string[] = [];

await using place = await openPlace();
await using folder = await emptyFolder();
await using first = await openHouse('sqlite');
await using second = await openHouse('sqlite');
const common = { GATEHOUSE_DEMO_ENABLED: 'false', GATEHOUSE_SECRETS_ENCRYPTION_KEY: newSecret() };
const one = { ...common, ...first.env };
const other = { ...common, ...second.env };
const file = (name: string) => join(folder.path, name);

await pipeline(Readable.from(lines(accounts)), createWriteStream(file('people.jsonl')));
print(`${accounts} lines written`);

const imported = await command(['import', 'accounts', file('people.jsonl'), '--json'], one);
await signInAndLook();
const left = await exported(one, 'exported.jsonl');
const again = await command(['import', 'accounts', left.path, '--json'], other);
const right = await exported(other, 'exported-again.jsonl');
if (left.lines !== accounts) wrong.push(`${left.lines} were exported`);
if (left.sorted !== right.sorted) wrong.push('exported again they are others');

const counted = { accounts, imported, again, wrong };
endWith(counted);

/** Of every account another salt, as another system has them; 1,000 rounds, so that the file is made in a minute. */
function* lines(count: number): Generator<string> {
  for (let at = 0; at < count; at += 1) {
    const salt = randomBytes(16);
    const hash = pbkdf2Sync(passwordOf(at), salt, 1000, 32, 'sha256');
    const passwordHash = `$pbkdf2-sha256$i=1000$${bare(salt)}$${bare(hash)}`;

    yield `${JSON.stringify({ id: `old-${at}`, email: `person${at}@example.com`, emailVerified: true, passwordHash })}\n`;
  }
}

function bare(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

function passwordOf(at: number): string {
  return `${goodPassword} ${at}`;
}

async function command(args: string[], env: Record<string, string>): Promise<number> {
  const began = performance.now();
  const { code, err } = await place.run(args, { env });
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err.slice(-1000)}`);

  const seconds = Math.round((performance.now() - began) / 100) / 10;
  print(`${args.slice(0, 2).join(' ')}: ${seconds} s`);

  return seconds;
}

async function signInAndLook(): Promise<void> {
  const at = accounts - 1;
  const email = `person${at}@example.com`;
  const before = await hashOf(at);

  {
    await using server = await place.start(one);
    await signedIn(server.url, { email, password: passwordOf(at) });
    server.kill('SIGTERM');
    await server.exit;
  }

  const after = await hashOf(at);
  if (!before.startsWith('$pbkdf2-sha256$')) wrong.push(`imported with ${before.slice(0, 16)}`);
  if (!after.startsWith('$argon2id$')) wrong.push(`after the sign-in it is ${after.slice(0, 16)}`);
}

async function hashOf(at: number): Promise<string> {
  const { path } = await exported(one, 'looked-at.jsonl');

  for await (const line of createInterface({ input: createReadStream(path) })) {
    const { id, passwordHash } = JSON.parse(line) as { id: string; passwordHash: string };
    if (id === `old-${at}`) return passwordHash;
  }

  return 'nothing';
}

async function exported(env: Record<string, string>, name: string) {
  const began = performance.now();
  await using running = place.begin(['export', 'accounts', '--password-hashes'], env);
  const code = await running.exit;
  if (code !== 0) throw new Error(`the export ended with ${code}: ${running.err().slice(-1000)}`);

  const all = running.out().trimEnd().split('\n');
  await pipeline(Readable.from(all.map((line) => `${line}\n`)), createWriteStream(file(name)));
  print(`export accounts: ${Math.round((performance.now() - began) / 100) / 10} s`);

  return { path: file(name), lines: all.length, sorted: all.toSorted().join('\n') };
}
