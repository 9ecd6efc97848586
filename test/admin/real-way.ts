import type { TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { tickAll, type Person } from '../support/relying-party.ts';
import { totpAt } from '../support/totp.ts';

/** What a person met on the way to an app, and what the app was told in the end. */
export interface RealWay {
  /** As `Explained.steps` names them. */
  steps: string[];
  /** Ids of what the consent page asked. */
  asked: string[];
  answer: Record<string, string>;
  /** Whether it ended on a page of ours. */
  page?: Page;
}

export interface Traveller extends Person {
  /** Of an authenticator app, once it is set up. */
  totp?: string;
}

/** Goes the whole way in a new browser, with every proof at hand, ticking everything. */
export async function realWay(
  app: TestApp,
  person: Traveller,
  request: string,
  browser: Browser = openBrowser(app.url),
): Promise<RealWay> {
  const steps: string[] = [];
  let asked: string[] = [];
  let at = await browser.open(request);

  for (let taken = 0; taken < 10; taken += 1) {
    if (at.location !== undefined) return { steps, asked, answer: answerIn(at.location) };

    const path = new URL(at.url).pathname;
    const [, place = '', , sub = ''] = path.split('/');
    if (place !== 'sign-in' && place !== 'consent') return { steps, asked, answer: fieldsOf(at), page: at };
    if (at.status !== 200) return { steps, asked, answer: {}, page: at };

    if (place === 'consent') {
      const boxes = tickAll(at);
      steps.push('consent');
      asked = Object.keys(boxes).map((name) => name.slice('allow '.length));
      at = await browser.submit(at, boxes, { button: 'Allow' });
    } else if (sub === '') {
      steps.push('sign-in');
      at = await browser.submit(at, { email: person.email, password: person.password });
    } else {
      steps.push(sub);
      at = await further(app, person, browser, { page: at, sub });
    }
  }

  throw new Error(`stuck at ${at.url}: ${at.words}`);
}

async function further(
  app: TestApp,
  person: Traveller,
  browser: Browser,
  { page, sub }: { page: Page; sub: string },
): Promise<Page> {
  if (sub === 'second-factor') {
    // A code that was used is none.
    app.clock.advance(30_000);
    return browser.submit(page, { code: totpAt(person.totp ?? '', app.clock.now()) });
  }

  if (sub === 'set-up') {
    const begun = await browser.submit(page, {}, { form: '/set-up/begin' });
    person.totp = (/class="secret">([A-Z2-7 ]+)</.exec(begun.html)?.[1] ?? '').replaceAll(' ', '');
    const codes = await browser.submit(begun, { code: totpAt(person.totp, app.clock.now()) });

    return browser.submit(codes, {}, { form: '/go-on' });
  }

  if (sub === 'verify-email') {
    const { code } = await app.mail.to(person.email, 'confirm-email');

    return browser.submit(page, { code });
  }

  throw new Error(`nobody knows what to do at ${sub}: ${page.words}`);
}

function answerIn(location: string): Record<string, string> {
  const { search, hash } = new URL(location);

  return Object.fromEntries([...new URLSearchParams(search), ...new URLSearchParams(hash.slice(1))]);
}

/** What a page that goes on by itself would post. */
function fieldsOf({ html }: Page): Record<string, string> {
  return Object.fromEntries(
    [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
}
