import { readFile } from 'node:fs/promises';

import { launch } from '../support/process.ts';

/** The README's chapters as they are read: the commands in them are run as they stand. */
const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');

/** The `sh` blocks of a chapter, down to the next of its rank. */
export function blocksOf(chapter: string): string[] {
  const begin = readme.indexOf(`\n## ${chapter}\n`);
  if (begin === -1) throw new Error(`the README has no chapter ${chapter}`);

  const [text = ''] = readme.slice(begin + 1).split(/\n(?=## )/);
  const blocks = [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].map(([, block = '']) => block);
  if (blocks.length === 0) throw new Error(`the chapter ${chapter} has no commands`);

  return blocks;
}

export interface Shell {
  /** Where the commands are run, what is in the environment, and what stands before them. */
  cwd: string;
  env: Record<string, string>;
  before?: string;
}

const main = new URL('../../src/main.ts', import.meta.url).pathname;

/** `npx gatehouse` is the command line of this checkout; a command that fails ends the block, whatever comes behind it. */
const asInstalled = `set -euo pipefail
npx() { [ "$1" = gatehouse ]; "${process.execPath}" "${main}" "\${@:2}"; }
`;

/** Runs a block in one shell; throws what was printed when a command of it fails. */
export async function runBlock(block: string, { cwd, env, before = '' }: Shell): Promise<string> {
  const child = launch(['bash', '-c', `${asInstalled}${before}\n${block}`], { cwd, env });
  child.process.stdin.end();
  const code = await child.exit;
  if (code !== 0)
    throw new Error(`a command of this block ended with ${code}:\n${block}\n${child.out()}\n${child.err()}`);

  return child.out();
}
