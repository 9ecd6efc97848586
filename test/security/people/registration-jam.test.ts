import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { confirm, openToNewcomers, type Newcomers } from '../../flows/newcomers.ts';
import { openBrowser } from '../../support/browser.ts';
import { startMailServer, type MailServer } from '../../support/mail-server.ts';

const minute = 60_000;
const email = 'wanted@example.com';

/** What strangers elsewhere can do to keep somebody from creating an account. */
describe('an address that strangers try first', () => {
  let server: MailServer;
  let house: Newcomers;

  beforeEach(async () => {
    server = await startMailServer();
    house = await openToNewcomers({ ...server.env, GATEHOUSE_PROXY_TRUSTED: '127.0.0.1' });
  });

  afterEach(async () => {
    await house[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const begin = (ip: string) => house.begin(email, openBrowser(house.app.url, { headers: { 'x-forwarded-for': ip } }));
  const codes = () => server.mails.map(({ text }) => /\b\d{6}\b/.exec(text)?.[0] ?? '');

  test('S85: wrong codes there keep nobody out here', async () => {
    for (const ip of ['198.51.100.1', '203.0.113.1', '203.0.114.1', '203.0.115.1', '203.0.116.1']) {
      const { browser, page } = await begin(ip);
      for (let tries = 0; tries < 5; tries += 1) await confirm({ browser }, page, '000000');
    }

    const mine = await begin('192.0.2.1');
    await server.accepted.reaches(6);
    expect((await confirm(mine, mine.page, codes().at(-1) ?? '')).location).toContain('code=');
  });

  test('S76, S85: ten codes are sent to it in an hour and forty in a day, from however many networks', async () => {
    const sent: number[] = [];

    for (let round = 0; round < 5; round += 1) {
      const statuses: number[] = [];
      for (let n = 0; n < 12; n += 1) statuses.push((await begin(`203.0.${n}.${round}`)).page.status);
      sent.push(statuses.filter((status) => status === 200).length);
      house.app.clock.advance(61 * minute);
    }

    expect(sent).toEqual([10, 10, 10, 10, 0]);
  });

  test('a later attempt keeps back no mail of an earlier one, whose code works', async () => {
    server.refuse('greeting', 421);
    const mine = await begin('192.0.2.1');
    await begin('198.51.100.1');
    await house.app.logged('message', 2);

    server.refuse('greeting', undefined);
    house.app.clock.advance(minute);
    house.app.services.messages.wake();
    await server.accepted.reaches(2);

    const answers: (string | undefined)[] = [];
    for (const code of codes()) answers.push((await confirm(mine, mine.page, code)).location);
    expect(answers.filter((location) => location?.includes('code='))).toHaveLength(1);
  });
});
