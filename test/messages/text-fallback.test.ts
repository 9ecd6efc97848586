import { expect, test } from '@jest/globals';

import { startTestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { startTextServer, type TextServer } from '../support/text-server.ts';

const number = '+4915112345678';
const longestAnswer = 2000;

const troubles: [string, (provider: TextServer) => () => void][] = [
  ['keeps silent', (provider) => provider.hold()],
  ['is down', (provider) => refusing(provider, 503)],
  ['throttles', (provider) => refusing(provider, 429)],
];

function refusing(provider: TextServer, status: number): () => void {
  provider.answer({ status, code: 20000 + status });

  return () => provider.answer(undefined);
}

/** Whoever is asked for a code by text message first, and gets none, comes in with another factor at once. */
test.each(troubles)(
  'F24: while the provider of text messages %s, the sign-in offers the other factors',
  async (...it) => {
    const [, begin] = it;
    await using provider = await startTextServer();
    await using app = await startTestApp({ env: provider.env });
    const { records, accounts, twoFactor } = app.services;
    const { id, email, password } = await app.account();
    await records.accounts.update(id, (old) => ({ ...old, phone: { number, verified: true } }));
    const account = await accounts.get(id);
    if (!account) throw new Error('the account is gone');
    for (const method of ['text', 'email'] as const) await twoFactor.add(account, method, { actor: id });
    const end = begin(provider);

    const browser = openBrowser(app.url);
    const arrived = await browser.open('/account');
    const began = performance.now();
    const asked = await browser.submit(arrived, { email, password });
    expect(performance.now() - began).toBeLessThan(longestAnswer);
    expect(asked.words).toContain('Code by text message');
    await provider.asked.reaches(1);

    for (let times = 0; times < 8; times += 1) await browser.submit(asked, {}, { form: '/send' });

    const other = await browser.get(new URL('?method=email', asked.url).href);
    const sent = await browser.submit(other, {}, { form: '/send' });
    const { code } = await app.mail.to(email, 'sign-in-code');
    const inside = await browser.submit(sent, { code }, { form: '?method=email' });
    expect([inside.status, new URL(inside.url).pathname]).toEqual([200, '/account/personal-information']);

    // Nobody was sent more for asking more often: five codes in an hour, each tried once before its patience is asked for.
    expect((await app.texts.allTo(number)).length).toBeLessThanOrEqual(5);
    expect(provider.texts).toEqual([]);
    end();
  },
);
