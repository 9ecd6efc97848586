import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { connect } from '../../src/storage/mongo/connection.ts';
import { found } from './machine.ts';

/**
 * What the suites take for MongoDB: the server that GATEHOUSE_TEST_MONGO_URL names, else one that stands in for it
 * (stand-in/StandIn.java) on a free port of this machine. It ends with this process, however that ends.
 */
export interface MongoServer extends AsyncDisposable {
  url: string;
  /** Settles when the process is gone. */
  kill(): Promise<void>;
  /** After `kill`: on the same port, with what was kept in its file. */
  start(): Promise<void>;
  /** It stands still, and the connections stay open. */
  freeze(): void;
  thaw(): void;
}

/** Starts a stand-in, whatever GATEHOUSE_TEST_MONGO_URL says: it can be killed. Without `keeps` all is lost with it. */
export async function startMongo({ keeps = false } = {}): Promise<MongoServer> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-mongo-'));
  const file = keeps ? [join(folder, 'data.mv')] : [];
  let { child, port } = await launch(['0', ...file]);

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;

    const gone = once(child, 'exit');
    child.ref();
    child.kill('SIGKILL');
    await gone;
  }

  return {
    url: `mongodb://127.0.0.1:${port}`,
    kill,
    start: async () => {
      ({ child, port } = await launch([port, ...file]));
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const flags = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx1g'];

async function launch(words: readonly string[]): Promise<{ child: ChildProcess; port: string }> {
  const built = found('stand-in');
  const classes = [join(built, 'classes'), join(built, 'jars', '*')].join(delimiter);
  const child = spawn('java', [...flags, '-cp', classes, 'StandIn', ...words], { stdio: ['pipe', 'pipe', 'inherit'] });

  const port = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error('the stand-in for MongoDB ended')));
    child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()));
  });

  // It must not keep a test process from ending.
  for (const one of [child, child.stdin, child.stdout]) (one as { unref?: () => void }).unref?.();

  return { child, port };
}

let shared: Promise<{ url: string }> | undefined;
let databases = 0;

/** The one that all suites of a process share, each with a database of its own. */
export function sharedMongo(): Promise<{ url: string }> {
  const url = process.env['GATEHOUSE_TEST_MONGO_URL'];

  return (shared ??= url ? Promise.resolve({ url }) : startMongo());
}

export interface EmptyDatabase extends AsyncDisposable {
  url: string;
  database: string;
  pool_size: number;
}

/** A database that no store before had, on the shared server; dropped with it. */
export async function emptyDatabase(): Promise<EmptyDatabase> {
  databases += 1;

  const { url } = await sharedMongo();
  const settings = { url, database: `gatehouse-test-${process.pid}-${Date.now()}-${databases}`, pool_size: 10 };

  return {
    ...settings,
    [Symbol.asyncDispose]: async () => {
      await using connection = await connect(settings);
      await connection.ask(() => connection.database.dropDatabase());
    },
  };
}
