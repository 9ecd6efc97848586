import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { startTestApp } from '../../support/app.ts';
import { openBrowser, type Page } from '../../support/browser.ts';

/** Consent is answered too: that alone is no answer to a question of this kind. */
const asked = /question|\wanswer|hint|maiden|mother|pet\b|school/i;

function filesIn(folder: string, ending: string): string[] {
  const url = new URL(`../../../${folder}/`, import.meta.url);

  return readdirSync(url, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(new URL(name, url), 'utf8'));
}

/** NIST SP 800-63B-4 section 3.1.1.2: what others know too proves nobody. */
test('S78: no form asks a security question, and no row has a place for its answer', () => {
  const controls = filesIn('views', '.ejs').flatMap((text) => [...text.matchAll(/\bname(?:="|: ')([\w.-]+)/g)]);
  const stored = [...filesIn('src/domain', '.ts'), ...filesIn('src/storage', 'shapes.ts')].flatMap((text) => [
    ...text.matchAll(/^ {2}(\w+)\??: /gm),
  ]);
  const names = [...controls, ...stored].map(([, name = '']) => name);

  // What is looked for would be found.
  expect(names).toEqual(expect.arrayContaining(['email', 'newPassword', 'hash', 'accountId']));
  expect(names.filter((name) => asked.test(name))).toEqual([]);
});

test('S78: a new password takes the mailbox, and nothing that somebody could know of the person', async () => {
  await using app = await startTestApp();
  const ana = await app.account();
  const browser = openBrowser(app.url);
  const form = await browser.open('/forgot-password');
  await browser.submit(form, { email: ana.email });
  const { link } = await app.mail.to(ana.email, 'reset-password');
  const reset = await browser.open(link);

  const fieldsOf = ({ forms }: Page) => Object.keys(forms[0]?.fields ?? {}).toSorted();
  expect([fieldsOf(form), fieldsOf(reset)]).toEqual([
    ['csrf', 'email'],
    ['confirmPassword', 'csrf', 'newPassword'],
  ]);
});
