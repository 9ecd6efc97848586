import { execFile, execFileSync } from 'node:child_process';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { launch, type Child } from '../support/process.ts';
import { readImage, readStages, root, type Stage, type Step } from './dockerfile.ts';

/**
 * The image, made by hand: the Dockerfile's own steps in a folder, and its own entry point run from there as its user,
 * without a right, with nothing writable but the data. What it can't show is the base image.
 */
export interface Image extends AsyncDisposable {
  /** What stands in `/gatehouse`. */
  folder: string;
  /** What stands in `/data`. */
  data: string;
  /** `docker run`, with the image's command unless told another. */
  run(env: Record<string, string>, command?: readonly string[]): Child;
  /** What `docker` asks now and then whether it is well; the exit code. */
  check(env: Record<string, string>): Promise<number | null>;
}

const run = promisify(execFile);

export async function buildImage(): Promise<Image> {
  const place = await mkdtemp(join(tmpdir(), 'gatehouse-image-'));
  const stages = readStages();
  const allowed = await readIgnored();
  const { env, entrypoint, command, healthcheck, user } = readImage();
  const [uid = 0, gid = 0] = user.split(':').map(Number);

  for (const stage of stages) await build(stage, { place, allowed });

  const at = (path: string): string => join(place, String(stages.length - 1), path);
  const data = at('/data');
  const node = at('/node');

  // A folder of ours is closed to other users, and so may be where Node was installed.
  await chmod(place, 0o755);
  await cp(process.execPath, node);
  await mkdir(data, { mode: 0o700 });
  if (isRoot) await chown(data, uid, gid);
  else await run('chmod', ['-R', 'a-w', at('/gatehouse')]);

  function start(words: readonly string[], more: Record<string, string>): Child {
    const placed = words.map((word) =>
      word === 'node' ? node : word.replace(/^\/gatehouse\//, `${at('/gatehouse')}/`),
    );
    const own = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, value.replace(/^\/data\b/, data)] as const),
    );

    return launch(confined(placed, { uid, gid, data }), { env: { ...own, ...more }, cwd: at('/gatehouse') });
  }

  return {
    folder: at('/gatehouse'),
    data,
    run: (more, other = command) => start([...entrypoint, ...other], more),
    check: (more) => start(healthcheck, more).exit,
    async [Symbol.asyncDispose]() {
      if (!isRoot) await run('chmod', ['-R', 'u+w', place]);
      await rm(place, { recursive: true });
    },
  };
}

async function build(stage: Stage, { place, allowed }: { place: string; allowed: readonly string[] }): Promise<void> {
  const stages = readStages();
  const folder = join(place, String(stages.findIndex(({ name }) => name === stage.name)));
  let workdir = '/';

  for (const step of stage.steps) {
    if (step.keyword === 'WORKDIR') {
      workdir = step.words[0] ?? '';
      await mkdir(join(folder, workdir), { recursive: true });
    } else if (step.keyword === 'COPY') {
      const from = step.flags['from'];
      const source = from === undefined ? root : join(place, String(stages.findIndex(({ name }) => name === from)));

      if (from === undefined) refuseIgnored(step, allowed);
      await copy(step, source, join(folder, workdir));
    } else if (step.keyword === 'RUN' && step.text.startsWith('npm ')) {
      // What was installed a minute ago need not be loaded again.
      await run('sh', ['-c', step.text], { cwd: join(folder, workdir), env: { ...process.env, ...preferOffline } });
    }
  }
}

const preferOffline = { npm_config_prefer_offline: 'true' };

/** A single folder is copied into the destination, several things below it. */
async function copy({ words }: Step, source: string, workdir: string): Promise<void> {
  const destination = join(workdir, words.at(-1) ?? '');

  for (const word of words.slice(0, -1)) {
    const to = destination.endsWith('/') ? join(destination, basename(word)) : destination;

    await cp(join(source, word), to, { recursive: true, verbatimSymlinks: true });
  }
}

/** Everything is kept from the builder but what is named. */
async function readIgnored(): Promise<string[]> {
  const lines = (await readFile(`${root}.dockerignore`, 'utf8')).split('\n').filter((line) => /^[^#]/.test(line));
  const [everything, ...names] = lines;

  if (everything !== '*' || names.some((name) => !/^![\w.-]+$/.test(name))) {
    throw new Error('.dockerignore says more than which names at the top are let through');
  }

  return names.map((name) => name.slice(1));
}

function refuseIgnored({ words }: Step, allowed: readonly string[]): void {
  const kept = words.slice(0, -1).find((word) => !allowed.includes(word));

  if (kept !== undefined) throw new Error(`the Dockerfile copies ${kept}, which .dockerignore keeps from it`);
}

const isRoot = process.getuid?.() === 0;

/**
 * As its user, without a right. Where this machine allows it, in a view of the file system in which nothing but the
 * data can be written; elsewhere only what that user may write anyway, and that is said.
 */
function confined(
  command: readonly string[],
  { uid, gid, data }: { uid: number; gid: number; data: string },
): string[] {
  if (!isRoot) return [...command];

  const bare = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--no-new-privs', '--inh-caps=-all'];
  const asUser = [...bare, '--bounding-set=-all', '--', ...command];

  if (!canMount()) {
    process.stderr.write('NOT TRIED: a read-only file system; this machine lets nobody make a view of its own\n');
    return asUser;
  }

  return ['unshare', '--mount', 'sh', '-c', readOnly, 'sh', data, ...asUser];
}

/** `$1` stays writable, and what the kernel shows as files; the rest of the arguments is run. */
const readOnly = `
  set -e
  mount --bind "$1" "$1"
  for point in $(cut -d ' ' -f 2 /proc/self/mounts | sort -u); do
    case "$point" in "$1" | /proc* | /sys* | /dev*) continue ;; esac
    mount -o remount,bind,ro "$point"
  done
  shift
  exec "$@"
`;

function canMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'sh', '-c', 'mount --bind / /mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
