import { describe, expect, test } from '@jest/globals';

import { fifty, succeeded } from '../storage/rows.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { startTextServer } from '../support/text-server.ts';

const hour = 3_600_000;
const far = { GATEHOUSE_MESSAGES_SMS_CAPS_PER_ADDRESS: '10000', GATEHOUSE_MESSAGES_SMS_CAPS_PER_PREFIX: '10000' };

/** An app that sends through a provider; it is never asked here. */
async function openApp(env: Record<string, string> = {}): Promise<TestApp> {
  await using provider = await startTextServer();

  return await startTestApp({ env: { ...provider.env, ...env } });
}

const german = (digits: number): string => `+49151${String(digits).padStart(8, '0')}`;

async function reasons(app: TestApp, asked: { number: string; ip: string }[]): Promise<string[]> {
  const answers: string[] = [];

  for (const one of asked) {
    const admission = await app.services.messages.allowText(one);
    answers.push(admission.allowed ? 'allowed' : admission.reason);
  }

  return answers;
}

describe('S99: text messages', () => {
  test('go to the countries that the operator named, and to no others', async () => {
    await using app = await openApp();
    const { messages } = app.services;
    const ip = '203.0.113.9';
    const numbers = {
      '+4915112345678': 'allowed',
      '+12125550123': 'allowed',
      // One country code, other countries, other prices.
      '+18765551234': 'country',
      '+16045551234': 'country',
      '+447911123456': 'country',
      '+8801812345678': 'country',
      '+882345678901': 'country',
      '+49': 'country',
      '4915112345678': 'country',
      '+49 151 12345678': 'country',
      '+4915112345678,+8801812345678': 'country',
      '+4915112345678\n': 'country',
    };

    expect(
      await reasons(
        app,
        Object.keys(numbers).map((number) => ({ number, ip })),
      ),
    ).toEqual(Object.values(numbers));
    expect([messages.canSendText(), messages.canSendText('DE'), messages.canSendText('JM')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('at most five a day to one number, until midnight UTC', async () => {
    await using app = await openApp();
    const asked = Array.from({ length: 6 }, (_, index) => ({ number: german(1), ip: `203.0.113.${index}` }));

    expect(await reasons(app, asked)).toEqual([...Array.from({ length: 5 }, () => 'allowed'), 'number']);

    const refused = await app.services.messages.allowText({ number: german(1), ip: '203.0.113.9' });
    const untilMidnight = Math.ceil((24 * hour - (app.clock.now() % (24 * hour))) / 1000);
    expect(refused).toMatchObject({ allowed: false, retryAfter: expect.any(Number) });
    expect(Math.abs(untilMidnight - ('retryAfter' in refused ? refused.retryAfter : 0))).toBeLessThanOrEqual(2);

    app.clock.advance(untilMidnight * 1000 + 1000);
    expect(await reasons(app, asked.slice(0, 1))).toEqual(['allowed']);
  });

  test('at most so many that one network asks for, whichever of its addresses it uses', async () => {
    await using app = await openApp({ GATEHOUSE_MESSAGES_SMS_CAPS_PER_ADDRESS: '2' });
    const from = (ip: string, digits: number) => ({ number: german(digits * 10_000), ip });

    expect(
      await reasons(app, [
        from('2001:db8:1:2::1', 1),
        from('2001:db8:1:2::2', 2),
        from('2001:db8:1:2:ffff::3', 3),
        from('2001:db8:1:3::1', 4),
      ]),
    ).toEqual(['allowed', 'allowed', 'address', 'allowed']);
  });

  test('at most so many into one block of numbers, which is what fraud rents', async () => {
    await using app = await openApp({ GATEHOUSE_MESSAGES_SMS_CAPS_PER_PREFIX: '3' });
    const asked = [1, 2, 3, 4].map((digits) => ({ number: german(digits), ip: `203.0.113.${digits}` }));

    expect(await reasons(app, [...asked, { number: german(10_001), ip: '203.0.113.9' }])).toEqual([
      'allowed',
      'allowed',
      'allowed',
      'prefix',
      'allowed',
    ]);
  });

  test('a refused one uses up nothing of what others have', async () => {
    await using app = await openApp({
      GATEHOUSE_MESSAGES_SMS_CAPS_PER_NUMBER: '1',
      GATEHOUSE_MESSAGES_SMS_CAPS_PER_DAY: '2',
    });
    const ip = '203.0.113.9';

    expect(
      await reasons(app, [
        { number: german(1), ip },
        { number: german(1), ip },
        { number: german(1), ip },
        { number: german(2), ip },
      ]),
    ).toEqual(['allowed', 'number', 'number', 'allowed']);
  });

  test('fifty at once never outrun a cap, and the day’s budget is told once when it is used up', async () => {
    await using app = await openApp({ ...far, GATEHOUSE_MESSAGES_SMS_CAPS_PER_DAY: '20' });
    const { messages, records } = app.services;

    const admissions = succeeded(
      await fifty((number) => messages.allowText({ number: german(number * 10_000), ip: `203.0.113.${number}` })),
    );

    expect(admissions.filter(({ allowed }) => allowed)).toHaveLength(20);
    expect(new Set(admissions.map((one) => (one.allowed ? '' : one.reason)))).toEqual(new Set(['', 'day']));
    expect(await messages.areTextsSpent()).toBe(true);

    const { rows } = await records.events.list('time', 'all', { limit: 100, descending: true });
    expect(rows.filter(({ kind }) => kind === 'texts.spent')).toMatchObject([{ details: { perDay: 20 } }]);

    app.clock.advance(24 * hour);
    expect(await messages.areTextsSpent()).toBe(false);
  });

  test('fifty at once to one number: five', async () => {
    await using app = await openApp(far);
    const { messages } = app.services;

    const admissions = succeeded(
      await fifty((number) => messages.allowText({ number: german(7), ip: `203.0.113.${number}` })),
    );

    expect(admissions.filter(({ allowed }) => allowed)).toHaveLength(5);
  });

  test('the counts outlive a restart, and the store is no list of numbers', async () => {
    await using app = await openApp({ GATEHOUSE_MESSAGES_SMS_CAPS_PER_NUMBER: '1' });
    const asked = [{ number: german(1), ip: '203.0.113.9' }];

    expect(await reasons(app, asked)).toEqual(['allowed']);
    const { rows } = await app.services.records.attempts.scan();
    expect(JSON.stringify(rows)).not.toMatch(/49151|203\.0/);

    await app.restart();
    expect(await reasons(app, asked)).toEqual(['number']);
  });
});
