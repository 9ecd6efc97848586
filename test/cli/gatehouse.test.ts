import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Makes the Node that runs the bin claim to be an old one; the Node it hands over to does not get this. */
const pretendOld = `--import=data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } });",
)}`;

/** Stands in for the real program: says what it was given, and ends as asked or waits for a signal. */
const main = `
  const [how, value]: string[] = process.argv.slice(2);
  if (how === 'wait') setInterval(() => {}, 1000);
  if (value !== undefined && how === 'wait') process.on('SIGTERM', () => process.exit(Number(value)));
  if (how === 'exit') process.exitCode = Number(value);
  console.log(JSON.stringify({ arguments: process.argv.slice(2), major: Number.parseInt(process.versions.node) }));
`;

let root: string;
let alone: string;

beforeAll(async () => {
  root = await install();
  alone = await install();
  await symlink(at('../../node_modules'), join(root, 'node_modules'));
});

afterAll(async () => {
  await rm(root, { recursive: true });
  await rm(alone, { recursive: true });
});

async function install(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bin-'));
  await mkdir(join(folder, 'src/cli'), { recursive: true });
  await cp(at('../../src/cli/gatehouse.js'), join(folder, 'src/cli/gatehouse.js'));
  await writeFile(join(folder, 'src/main.ts'), main);
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  return folder;
}

const start = (folder: string, nodeOptions: string[], args: string[]): ChildProcess =>
  spawn(process.execPath, [...nodeOptions, join(folder, 'src/cli/gatehouse.js'), ...args], { env: {} });

async function ended(child: ChildProcess): Promise<{ code: unknown; signal: unknown; out: string; err: string }> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('The program was started without pipes');

  const [[code, signal], out, err] = await Promise.all([once(child, 'close'), text(stdout), text(stderr)]);
  return { code, signal, out, err };
}

describe.each([
  ['a Node that is new enough', []],
  ['an older Node', [pretendOld]],
])('gatehouse started by %s', (_name, nodeOptions: string[]) => {
  test('runs the program with its arguments on Node 24 or newer and keeps its exit code', async () => {
    const { code, out, err } = await ended(start(root, nodeOptions, ['exit', '78', '--two words']));
    const said: unknown = JSON.parse(out);

    expect(said).toMatchObject({ arguments: ['exit', '78', '--two words'] });
    expect(said).toHaveProperty('major', Number.parseInt(process.versions.node, 10));
    expect({ code, err }).toEqual({ code: 78, err: '' });
  });

  test('passes a signal on and lets the program decide how to end', async () => {
    const child = start(root, nodeOptions, ['wait', '7']);
    child.stdout?.once('data', () => child.kill('SIGTERM'));

    expect(await ended(child)).toMatchObject({ code: 7, signal: null });
  });

  test('ends by the signal that ended the program', async () => {
    const child = start(root, nodeOptions, ['wait']);
    child.stdout?.once('data', () => child.kill('SIGTERM'));

    expect(await ended(child)).toMatchObject({ code: null, signal: 'SIGTERM' });
  });
});

test('an older Node with no newer one installed is told what to do', async () => {
  const { code, out, err } = await ended(start(alone, [pretendOld], ['start']));

  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/^Gatehouse needs Node 24 or newer .*npm ci.*\n$/);
});
