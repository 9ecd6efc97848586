import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/**
 * What `@jest/globals` is to a suite that Node imports (in-process.js points the name here): the words of the suite that
 * runs, also for a module that several suites share.
 */
const near = createRequire(createRequire(import.meta.url).resolve('jest-circus/runner'));
const { ModernFakeTimers } = near('@jest/fake-timers');
const { ModuleMocker } = near('jest-mock');

let words = {};

/** `now`: describe, test and the hooks of the suite that is about to be loaded. */
export function speak(now) {
  words = now;
}

const word = (name) =>
  new Proxy(() => {}, {
    apply: (_, self, given) => words[name](...given),
    get: (_, key) => words[name][key],
  });

export const [describe, test, it, beforeAll, beforeEach, afterEach, afterAll] = [
  'describe',
  'test',
  'it',
  'beforeAll',
  'beforeEach',
  'afterEach',
  'afterAll',
].map(word);

export const { jestExpect: expect } = near('@jest/expect');

const timers = new ModernFakeTimers({
  config: { fakeTimers: {}, rootDir: dirname(import.meta.dirname) },
  global: globalThis,
});
const mocker = new ModuleMocker(globalThis);

export const jest = {
  useFakeTimers: () => timers.useFakeTimers(),
  useRealTimers: () => timers.useRealTimers(),
  advanceTimersByTimeAsync: (milliseconds) => timers.advanceTimersByTimeAsync(milliseconds),
  getTimerCount: () => timers.getTimerCount(),
  spyOn: (object, method) => mocker.spyOn(object, method),
};
