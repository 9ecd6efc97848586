import { describe, expect, jest, test } from '@jest/globals';

import { createTexter, type TexterSettings } from '../../src/messages/texter.ts';
import { startTextServer, twilioAccount, twilioToken, type TextServer } from '../support/text-server.ts';

const never = new AbortController().signal;
const number = '+4915112345678';

function texterTo(server: TextServer, differently: Partial<TexterSettings> = {}) {
  return createTexter({
    account_sid: twilioAccount,
    auth_token: twilioToken,
    from: 'Northwind',
    messaging_service_sid: undefined,
    api_url: server.url,
    ...differently,
  });
}

describe('a text message', () => {
  test('is handed over as Twilio wants it', async () => {
    await using server = await startTextServer();

    expect(await texterTo(server).send('012345 is your code', number, never)).toEqual({ kind: 'sent' });
    expect(server.texts).toEqual([{ to: number, body: '012345 is your code', from: 'Northwind', service: undefined }]);
  });

  test('comes from the messaging service where there is one', async () => {
    await using server = await startTextServer();
    const service = `MG${'0'.repeat(32)}`;

    await texterTo(server, { messaging_service_sid: service }).send('Hello', number, never);
    expect(server.to(number)).toMatchObject({ from: undefined, service });
  });

  test('is not begun when we stop', async () => {
    await using server = await startTextServer();

    expect(await texterTo(server).send('Hello', number, AbortSignal.abort())).toEqual({ kind: 'unsent' });
    expect(server.asked.count).toBe(0);
  });
});

describe('what Twilio answers', () => {
  test.each([
    // Invalid number, unreachable region, unsubscribed: no later try helps.
    [400, 21211, 'failed'],
    [400, 21408, 'failed'],
    [400, 21610, 'failed'],
    [404, 20404, 'failed'],
    // Refused before anything was done.
    [401, 20003, 'retry'],
    [429, 20429, 'retry'],
    [503, 20503, 'retry'],
    // It may have been taken: a second try could cost and arrive twice.
    [500, 20500, 'failed'],
    [502, 20500, 'failed'],
  ])('%d with error %d: %s', async (status, code, kind) => {
    await using server = await startTextServer();
    server.answer({ status, code });

    const outcome = await texterTo(server).send('Hello', number, never);

    expect(outcome).toEqual({ kind, error: `Twilio answered ${status} (error ${code})` });
    expect(server.asked.count).toBe(1);
  });

  test('something that is not Twilio at all', async () => {
    await using server = await startTextServer();
    server.answer({ status: 502, body: '<html>Bad gateway</html>' });

    expect(await texterTo(server).send('Hello', number, never)).toEqual({
      kind: 'failed',
      error: 'Twilio answered 502',
    });
  });

  test('nothing, for longer than we wait: it may have been taken', async () => {
    await using server = await startTextServer();
    server.hold();

    expect(await texterTo(server, { timeout: 200 }).send('Hello', number, never)).toEqual({
      kind: 'failed',
      error: 'Twilio did not answer in time; it may have taken the message',
    });
  });

  test('nobody is there: nothing was taken', async () => {
    const server = await startTextServer();
    await server[Symbol.asyncDispose]();

    expect(await texterTo(server).send('Hello', number, never)).toEqual({
      kind: 'retry',
      error: 'Twilio can’t be reached: ECONNREFUSED',
    });
  });
});

test('S112: the token and the number stand in nothing that is told or printed, whatever the environment asks for', async () => {
  await using server = await startTextServer();
  const printed = jest.spyOn(console, 'log');
  process.env['TWILIO_LOG_LEVEL'] = 'debug';

  try {
    const outcomes = [
      await texterTo(server).send('Hello', number, never),
      await texterTo(server, { auth_token: 'canary-wrong' }).send('Hello', number, never),
    ];
    server.answer({ status: 400, code: 21211 });
    outcomes.push(await texterTo(server).send('Hello', number, never));

    expect(outcomes.map(({ kind }) => kind)).toEqual(['sent', 'retry', 'failed']);
    expect(printed).not.toHaveBeenCalled();
    expect(JSON.stringify(outcomes)).not.toMatch(/canary|5112345678|Basic/);
  } finally {
    delete process.env['TWILIO_LOG_LEVEL'];
    printed.mockRestore();
  }
});
