#!/usr/bin/env node
// The package's `bin`. Plain JavaScript, because the Node that starts it may be too old to read TypeScript: then it hands
// over to the Node that `npm ci` installed. It knows nothing of commands; `main.ts` does.
import { spawn } from 'node:child_process';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 24;
const main = fileURLToPath(new URL('../main.ts', import.meta.url));

if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) {
  // Before Node sees the first TypeScript: with what the cache holds, it need not even load what strips the types.
  module.enableCompileCache();
  process.argv[1] = main;
  await import('../main.ts');
} else {
  handOver(installedNode());
}

/** The path of the newer Node among our dependencies; undefined where they were installed without it. */
function installedNode() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Runs the same command on that Node and ends as it ends, by exit code or by signal. */
function handOver(node) {
  if (node === undefined) return refuse();

  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const forward = (signal) => child.kill(signal);

  for (const signal of signals) process.on(signal, forward);
  child.on('error', refuse);
  child.on('exit', (code, signal) => {
    for (const name of signals) process.off(name, forward);
    process.exitCode = code ?? 128 + constants.signals[signal];
    if (signal !== null) process.kill(process.pid, signal);
  });
}

function refuse() {
  process.stderr.write(
    `Gatehouse needs Node ${OLDEST_NODE} or newer and this is ${process.version}. ` +
      'Run `npm ci` in its folder, which brings one along, or install a newer Node.\n',
  );
  process.exitCode = 1;
}
