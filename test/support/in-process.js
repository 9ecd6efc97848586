import { createRequire, enableCompileCache, registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { speak } from './suite-words.js';

/**
 * How jest runs a suite here: Node itself imports it, in the worker's own realm, where jest would build a new world (its
 * module graph, cold code) for each. So the code under test, the drivers and what suites share (the stand-in for MongoDB,
 * Redis) are loaded or started once a worker, and `src` runs as it does in production. A suite may leave nothing behind in
 * a module; what it changed of `process.env` is put back.
 */
export default async function runInProcess(globalConfig, config, environment, runtime, testPath, sendMessageToJest) {
  const before = { ...process.env };
  const { initialize, runAndTransformResultsToJestFormat } = freshCircus();
  const { globals } = await initialize({
    config,
    environment,
    globalConfig,
    localRequire: require,
    parentProcess: process,
    runtime,
    sendMessageToJest,
    setGlobalsForRuntime() {},
    testPath,
  });

  runs += 1;
  speak(globals);

  try {
    await import(`${pathToFileURL(testPath).href}?${runs}`);

    return await runAndTransformResultsToJestFormat({ config, globalConfig, testPath });
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

const require = createRequire(import.meta.url);
const circus = join(dirname(require.resolve('jest-circus/runner')), 'jestAdapterInit.js');
const words = new URL('suite-words.js', import.meta.url).href;

let runs = 0;

// Workers are started anew when they have grown.
enableCompileCache();
registerHooks({
  resolve: (name, context, next) =>
    name === '@jest/globals' ? { url: words, shortCircuit: true } : next(name, context),
});

/** Its state belongs to one suite. */
function freshCircus() {
  delete require.cache[circus];
  globalThis[Symbol.for('EVENT_HANDLERS')] = undefined;

  return require(circus);
}
