import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';

import { createThrottle } from '../../src/events/throttle.ts';

const minute = 60_000;

describe('events that anybody can cause', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  function counting() {
    const written: string[] = [];
    const failures: unknown[] = [];
    const throttle = createThrottle((error) => failures.push(error));
    const cause = (key: string, name: string) =>
      throttle.pass(key, async (leftOut) => void written.push(`${name}+${leftOut}`));

    return { throttle, cause, written, failures };
  }

  test('the first at once, the rest of a minute as one with their number', async () => {
    const { cause, written } = counting();
    for (let n = 0; n < 200; n += 1) await cause('ana', `e${n}`);
    expect(written).toEqual(['e0+0']);

    await jest.advanceTimersByTimeAsync(minute);
    expect(written).toEqual(['e0+0', 'e199+198']);
  });

  test('one each minute while it goes on, and at once again after a quiet one', async () => {
    const { cause, written } = counting();
    for (let n = 0; n < 3; n += 1) {
      await cause('ana', 'a');
      await cause('ana', 'b');
      await jest.advanceTimersByTimeAsync(minute);
    }
    expect(written).toEqual(['a+0', 'b+0', 'b+1', 'b+1']);

    await jest.advanceTimersByTimeAsync(minute);
    await cause('ana', 'c');
    expect(written.at(-1)).toBe('c+0');
    expect(jest.getTimerCount()).toBe(1);
  });

  test('each key for itself', async () => {
    const { cause, written } = counting();
    await cause('ana', 'a');
    await cause('bob', 'b');

    expect(written).toEqual(['a+0', 'b+0']);
  });

  test('what is pending at the end is written, and nothing is left running', async () => {
    const { throttle, cause, written } = counting();
    for (let n = 0; n < 4; n += 1) await cause('ana', 'a');

    await throttle[Symbol.asyncDispose]();

    expect(written).toEqual(['a+0', 'a+2']);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('a failure now is thrown, one later is told', async () => {
    const { throttle, failures } = counting();
    const broken = () => Promise.reject(new Error('disk full'));

    await expect(throttle.pass('ana', broken)).rejects.toThrow('disk full');
    await throttle.pass('ana', broken);
    await jest.advanceTimersByTimeAsync(minute);

    expect(failures).toEqual([new Error('disk full')]);
  });
});
