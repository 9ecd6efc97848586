import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { goodPassword, startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Page } from '../support/browser.ts';
import { startMailServer, type MailServer } from '../support/mail-server.ts';
import { unlimited } from '../security/web/visits.ts';

/** Milliseconds: no page may take longer because of mail. */
const longestAnswer = 2000;
const known = 'somebody@example.com';
/** As long, so that only the address itself differs. */
const unknown = 'nobody-9@example.com';

/** F23, S71: what is typed before anybody is known, while no mail goes out. */
describe('F23: while the mail server', () => {
  let server: MailServer;
  let app: TestApp;

  beforeEach(async () => {
    server = await startMailServer();
    app = await startTestApp({
      env: { ...server.env, ...unlimited, GATEHOUSE_REGISTRATION_ALLOWED: 'true' },
    });
    await app.account({ email: known });
  });

  afterEach(async () => {
    await app[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const faults = {
    'is down': () => server[Symbol.asyncDispose](),
    // For as long as the test lasts: longer than the pages may take, whatever a slow server takes.
    'says nothing': async () => void server.hold('greeting'),
    'takes a recipient and then says nothing': async () => void server.hold('data'),
  };
  const steps = {
    'forgot-password': (email: string) => ({ email }),
    register: (email: string) => ({ email, displayName: 'Ada', password: goodPassword }),
  };

  async function submitted(step: keyof typeof steps, email: string): Promise<Page> {
    const browser = openBrowser(app.url);
    const door = await browser.open('/account');
    const form = await browser.open(`${new URL(door.url).pathname}/${step}`);
    const began = performance.now();
    const page = await browser.submit(form, steps[step](email));
    expect(performance.now() - began).toBeLessThanOrEqual(longestAnswer);

    return page;
  }

  const plain = ({ status, words }: Page, email: string) => [status, words.replaceAll(email, '')];

  for (const [fault, begin] of Object.entries(faults)) {
    test.each(Object.keys(steps) as (keyof typeof steps)[])(
      `${fault}: %s answers at once, the same to an address that somebody has and to one that nobody has`,
      async (step) => {
        await begin();

        // The second time one before waits at the server already.
        for (let time = 0; time < 2; time += 1) {
          const [one, other] = [await submitted(step, known), await submitted(step, unknown)];

          expect(one.status).toBe(200);
          expect(plain(one, known)).toEqual(plain(other, unknown));
        }
      },
    );
  }
});
