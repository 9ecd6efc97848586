import { describe, expect, test } from '@jest/globals';

import { fifty, succeeded } from '../storage/rows.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { startTextServer, type TextServer } from '../support/text-server.ts';

/** F24: a provider of text messages that is down, silent, throttles or fails, and people who ask again and again. */
const minute = 60_000;
const longestAnswer = 2000;
const number = '+4915112345678';

async function ready(env: Record<string, string> = {}) {
  const provider = await startTextServer();
  const app = await startTestApp({ env: { ...provider.env, ...env } });

  return {
    provider,
    app,
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}

/** What a page does that sends a code: whether it was let through. */
async function ask({ services }: TestApp, code: string, ip = '203.0.113.9'): Promise<boolean> {
  const { messages, records } = services;
  const admission = await messages.allowText({ number, ip });
  if (!admission.allowed) return false;

  const data = { code, lives: 600 };
  await records.write(messages.composeText('sign-in-code-text', { to: admission.to, locale: 'en', data }));

  return true;
}

/** The code's whole life, with everything that is tried in it: how often the provider was asked. */
async function liveThrough({ services: { messages, records }, clock, logged }: TestApp, provider: TextServer) {
  for (let lines = 1; ; lines += 1) {
    await logged('message', lines);
    const [next] = (await records.messages.list('state', 'queued sms')).rows;
    if (!next) return provider.asked.count;

    clock.advance(next.nextAt - clock.now());
    messages.wake();
  }
}

describe('F24', () => {
  test('a provider that keeps silent holds up no answer', async () => {
    await using at = await ready();
    const release = at.provider.hold();

    for (let asked = 0; asked < 5; asked += 1) {
      const began = performance.now();
      expect(await ask(at.app, `00000${asked}`)).toBe(true);
      expect(performance.now() - began).toBeLessThan(longestAnswer);
    }

    await at.provider.asked.reaches(1);
    release();
  });

  test.each([429, 503])(
    'one that throttles (%d) is asked a few times while the code lives, and then no more',
    async (status) => {
      await using at = await ready();
      at.provider.answer({ status, code: 20429 });
      await ask(at.app, '314159');

      // At once, and after ten seconds, a minute and five.
      expect(await liveThrough(at.app, at.provider)).toBeLessThanOrEqual(4);
      expect(at.provider.texts).toEqual([]);
      expect((await at.app.services.records.messages.list('state', 'failed sms')).rows).toMatchObject([
        { template: 'sign-in-code-text', lastError: expect.stringContaining(String(status)) },
      ]);
    },
  );

  test.each([
    ['fails', { status: 500, code: 20500 }],
    ['refuses', { status: 400, code: 21610 }],
  ])('one that %s is asked once: a second try could cost and arrive twice', async (_how, refusal) => {
    await using at = await ready();
    at.provider.answer(refusal);
    await ask(at.app, '314159');

    expect(await liveThrough(at.app, at.provider)).toBe(1);
    expect(await at.app.services.records.messages.count('state', 'failed sms')).toBe(1);
  });

  test('one that is down costs nothing, and the message goes out when it is back in time', async () => {
    await using at = await ready();
    at.provider.answer({ status: 503, code: 20503 });
    await ask(at.app, '314159');
    await at.app.logged('message');

    at.provider.answer(undefined);
    at.app.clock.advance(minute);
    at.app.services.messages.wake();
    await at.app.logged('message', 2);

    expect(at.provider.to(number).body).toMatch(/^314159 /);
    expect(at.provider.texts).toHaveLength(1);
  });

  test('whoever presses “send again” fifty times gets five, whether or not anything arrives', async () => {
    await using at = await ready({ GATEHOUSE_MESSAGES_SMS_CAPS_PER_ADDRESS: '1000' });
    at.provider.answer({ status: 500, code: 20500 });

    const passed = succeeded(await fifty((press) => ask(at.app, String(press).padStart(6, '0')))).filter(Boolean);
    expect(passed).toHaveLength(5);

    await at.app.logged('message', 5);
    expect(at.provider.asked.count).toBeLessThanOrEqual(5);
    expect(await ask(at.app, '999999')).toBe(false);
  });

  test('a flood from everywhere costs the day’s budget and no more: then text messages are off, and it shows', async () => {
    await using at = await ready({ GATEHOUSE_MESSAGES_SMS_CAPS_PER_DAY: '10' });
    const { messages, records } = at.app.services;

    const admitted = succeeded(
      await fifty(async (each) => {
        const to = `+49151${String(each).padStart(4, '0')}5678`;
        const admission = await messages.allowText({ number: to, ip: `203.0.113.${each}` });
        if (!admission.allowed) return admission.reason;

        const data = { code: '314159', lives: 600 };
        await records.write(messages.composeText('phone-code', { to: admission.to, locale: 'en', data }));
        return 'allowed';
      }),
    );

    expect(admitted.filter((one) => one === 'allowed')).toHaveLength(10);
    expect(new Set(admitted)).toEqual(new Set(['allowed', 'day']));
    await at.provider.accepted.reaches(10);
    await at.app.logged('message', 10);

    expect(at.provider.texts).toHaveLength(10);
    expect(await messages.areTextsSpent()).toBe(true);
    const { rows } = await records.events.list('time', 'all', { limit: 100, descending: true });
    expect(rows.filter(({ kind }) => kind === 'texts.spent')).toHaveLength(1);
  });
});
