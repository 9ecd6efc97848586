import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Tree } from './check.ts';

/** Every .ts file under src and test of a root folder; what lies in a folder called `fixtures` is data. */
export function readTree(root: string): Tree {
  const files = ['src', 'test'].flatMap((folder) => filesUnder(join(root, folder)));
  return new Map(files.map((file) => [relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8')]));
}

function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];

  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'fixtures' ? [] : filesUnder(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}
