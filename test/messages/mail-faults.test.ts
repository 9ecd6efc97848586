import { describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { startMailServer, type MailServer } from '../support/mail-server.ts';

/** F23: a mail server that is down, silent or refuses. Ten people change their password meanwhile, in their browsers. */
const people = 10;
/** Milliseconds: no page may take longer because of mail. */
const longestAnswer = 2000;
const minute = 60_000;
const path = '/account/sign-in-and-security';
const wanted = 'nine herons judge the moor';

interface Person {
  email: string;
  browser: Browser;
  form: Page;
  password: string;
}

async function signIn(app: TestApp): Promise<Person> {
  const { email, password } = await app.account();
  const browser = openBrowser(app.url);
  const form = await browser.submit(await browser.open(path), { email, password });

  return { email, password, browser, form };
}

/** How long the answer took, in milliseconds. */
async function change({ browser, form, password }: Person): Promise<number> {
  const fields = { currentPassword: password, newPassword: wanted, confirmPassword: wanted };
  const began = performance.now();
  const answer = await browser.submit(form, fields, { form: path, follow: false });
  const took = performance.now() - began;

  expect([answer.status, answer.location]).toEqual([303, expect.stringContaining(path)]);

  return took;
}

async function everybodyChanges(all: readonly Person[]): Promise<void> {
  for (const person of all) expect(await change(person)).toBeLessThanOrEqual(longestAnswer);
}

function recipients({ mails }: MailServer): string[] {
  return mails.flatMap(({ to }) => to).toSorted((a, b) => (a < b ? -1 : 1));
}

describe('F23', () => {
  async function ready() {
    const server = await startMailServer();
    const app = await startTestApp({ env: server.env });
    const all: Person[] = [];
    for (let number = 0; number < people; number += 1) all.push(await signIn(app));
    const emails = all.map(({ email }) => email).toSorted((a, b) => (a < b ? -1 : 1));

    return {
      server,
      app,
      all,
      emails,
      async [Symbol.asyncDispose]() {
        await app[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
      },
    };
  }

  test('a server that is down: pages answer at once, and each mail arrives once when it is back', async () => {
    const { server, app, all, emails } = await ready();
    await server[Symbol.asyncDispose]();
    await everybodyChanges(all);
    await app.logged('message', people);

    await using back = await startMailServer({}, server.port);
    app.clock.advance(minute);
    app.services.messages.wake();
    await back.accepted.reaches(people);
    await app.logged('message', 2 * people);
    await app[Symbol.asyncDispose]();

    expect(recipients(back)).toEqual(emails);
  });

  test.each(['greeting', 'from', 'data'] as const)(
    'a server that keeps silent at %s: pages answer at once, and each mail arrives once when it speaks',
    async (step) => {
      await using at = await ready();
      const release = at.server.hold(step);
      await everybodyChanges(at.all);
      await at.server.steps[step].reaches(1);

      release();
      await at.server.accepted.reaches(people);
      await at.app.logged('message', people);

      expect(recipients(at.server)).toEqual(at.emails);
      expect(await at.app.services.records.messages.count('state', 'queued email')).toBe(0);
    },
  );

  test.each(['greeting', 'rcpt', 'data'] as const)(
    'a server that answers 4xx at %s: pages answer at once, and each mail arrives once when it takes them',
    async (step) => {
      await using at = await ready();
      at.server.refuse(step, 451);
      await everybodyChanges(at.all);
      await at.app.logged('message', people);

      at.server.refuse(step, undefined);
      at.app.clock.advance(minute);
      at.app.services.messages.wake();
      await at.app.logged('message', 2 * people);

      expect(recipients(at.server)).toEqual(at.emails);
    },
  );

  test('a server that answers 5xx: pages answer at once, and every mail is given up where it can be seen', async () => {
    await using at = await ready();
    at.server.refuse('rcpt', 554);
    await everybodyChanges(at.all);
    await at.app.logged('message', people);

    expect(at.server.mails).toEqual([]);
    expect(await at.app.services.records.messages.count('state', 'failed email')).toBe(people);
  });

  test('a stop in the middle gives back what is still ours: it arrives once, after the start', async () => {
    await using at = await ready();
    at.server.hold('rcpt');
    await everybodyChanges(at.all);
    await at.server.steps.rcpt.reaches(1);

    const began = performance.now();
    const restarted = at.app.restart();
    await restarted;
    expect(performance.now() - began).toBeLessThan(10_000);

    at.server.hold('rcpt')();
    at.app.services.messages.wake();
    await at.server.accepted.reaches(people);

    expect(recipients(at.server)).toEqual(at.emails);
  });
});

test('F23: how long a code lives counts from when it was made, and that is what the mail says', async () => {
  await using server = await startMailServer();
  await using app = await startTestApp({ env: server.env });
  const { records, messages } = app.services;
  const compose = (to: string) =>
    messages.compose('verify-email', { to, locale: 'en', data: { code: '314159', lives: 600 } });

  server.refuse('greeting', 421);
  await records.write(compose('ana@example.com'));
  await app.logged('message');

  // Four minutes later the server is back.
  app.clock.advance(4 * minute);
  server.refuse('greeting', undefined);
  messages.wake();
  await app.logged('message', 2);
  expect(server.to('ana@example.com').text).toContain('It works for 6 minutes');

  // And this one can't be sent before the code in it is dead: that is told, not sent.
  server.refuse('greeting', 421);
  await records.write(compose('ben@example.com'));
  await app.logged('message', 3);
  app.clock.advance(11 * minute);
  server.refuse('greeting', undefined);
  messages.wake();
  await app.logged('message', 4);

  expect(server.mails).toHaveLength(1);
  expect((await records.messages.list('state', 'failed email')).rows).toMatchObject([{ template: 'verify-email' }]);
});
