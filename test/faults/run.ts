import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// `npm run faults -- <name> [options]` runs one of the scripts in this folder.
const [name = '', ...options] = process.argv.slice(2);
const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));

if (/^[a-z0-9-]+$/.test(name) && existsSync(script)) {
  process.exitCode = spawnSync(process.execPath, [script, ...options], { stdio: 'inherit' }).status ?? 1;
} else {
  process.stderr.write('Call it like this: npm run faults -- move --accounts 1000\n');
  process.exitCode = 64;
}
