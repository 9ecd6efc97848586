import { createRequire } from 'node:module';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';

import { locales, type Locale } from '../../src/domain/account.ts';
import type { MailName } from '../../src/messages/catalogue.ts';
import { createWriting } from '../../src/messages/writing.ts';
import { loaded, production } from '../config/given.ts';
import { mailSamples } from '../messages/samples.ts';
import { patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { samples } from '../views/every-view.ts';
import { stylesheet, type Sample } from '../views/sample.ts';

/**
 * Every view in every language, drawn without a server in one tab that keeps axe loaded: the whole of axe on each view,
 * and on what a view looks like else (with problems, with more set up) in English; elsewhere what words can change.
 */
describeWith('chromium', 'every page, in every language', () => {
  let chromium: Chromium;
  let page: Page;

  beforeAll(async () => {
    chromium = await startChromium();
    page = await chromium.open({ javaScriptEnabled: true, viewport: { width: 390, height: 900 } });
    await page.setContent('<!doctype html>');
    await page.evaluate(`${axe.source};${drawing}`);
  }, patience);

  afterAll(async () => {
    await chromium[Symbol.asyncDispose]();
  });

  test.each(locales)(
    'nothing is wider than a phone in %s',
    async (locale) => {
      const documents = samples.flatMap(({ name, render }) => {
        const html = render(locale);

        return [html, ...(isWordiest(locale) ? [html.replaceAll(address, longest)] : [])].map(
          (each, at) => [`${name} ${at}`, each] as const,
        );
      });

      expect(await wider(documents)).toEqual([]);
    },
    patience,
  );

  test.each(locales)(
    'no mail is wider than a phone in %s',
    async (locale) => {
      const mails = (Object.keys(mailSamples) as MailName[]).map((name) => [name, mailIn(locale, name)] as const);

      expect(await wider(mails, false)).toEqual([]);
    },
    patience,
  );

  test(
    'axe has nothing to say, in light and in dark',
    async () => {
      const wrong: Record<string, unknown> = {};

      await page.emulateMedia({ colorScheme: 'light' });
      Object.assign(wrong, await complaints('en', { of: looksNew, options: { rules: withoutColours } }));

      for (const scheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: scheme });
        Object.assign(wrong, await complaints('en', { of: hasNewColours(), options: { runOnly: ofColours }, scheme }));
      }

      expect(wrong).toEqual({});
    },
    patience,
  );

  // Of those with letters like English the longest words, of the others one: what axe asks of words is their being there.
  test.each(['de', 'ja'] as const)(
    'axe has nothing to say about the words in %s',
    async (locale) => {
      await page.emulateMedia({ colorScheme: 'light' });

      expect(await complaints(locale, { of: isFirstOfItsView, options: { runOnly: ofWords } })).toEqual({});
    },
    patience,
  );

  /** Which of them (each a name and a document) are not as wide as the window. */
  async function wider(documents: readonly (readonly [string, string])[], styled = true): Promise<unknown> {
    return await page.evaluate(
      `${JSON.stringify(documents)}.map(([name, html]) => [name, draw(html, ${styled})]).filter(([, width]) => width !== 390)`,
    );
  }

  async function complaints(locale: Locale, { of, options, scheme = '' }: Held): Promise<Record<string, unknown>> {
    const documents = samples.filter(of).map((one) => [`${one.name} ${scheme}`, one.render(locale)]);
    const settings = { preload: false, resultTypes: ['violations'], ...options };

    return (await page.evaluate(`complain(${JSON.stringify(documents)}, ${JSON.stringify(settings)})`)) as Record<
      string,
      unknown
    >;
  }
});

const writing = createWriting(loaded({ env: production }));

function mailIn(locale: Locale, name: MailName): string {
  const now = Date.UTC(2026, 6, 1, 22, 30);
  const times = { nextAt: now, createdAt: now, usefulUntil: now + 600_000, expiresAt: now + 1 };
  const message = {
    id: 'm',
    channel: 'email',
    template: name,
    locale,
    state: 'queued',
    attempts: 1,
    ...times,
  } as const;
  const content = { to: 'ana@example.com', timeZone: 'Europe/Berlin', data: mailSamples[name] };

  return writing.mail(message, content, now)?.html ?? '';
}

const address = /[\w.+•-]+@[\w-]+(?:\.[\w-]+)+/g;
/** As long as an address can be (RFC 5321 section 4.5.3.1), with nowhere to break. */
const longest = `${'maximiliane'.repeat(6).slice(0, 64)}@${['musterstadt', 'universitaet', 'studierende'].map((part) => part.repeat(6).slice(0, 59)).join('.')}.example`;

const axe = createRequire(import.meta.url)('axe-core') as { source: string };

interface Held {
  of: (one: Sample) => boolean;
  options: object;
  scheme?: string;
}

/** What the scheme can change. */
const ofColours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };
const withoutColours = Object.fromEntries(ofColours.values.map((rule) => [rule, { enabled: false }]));

/** What the words can change: whether everything has a name, and the one that it shows; and room for them. */
const ofWords = {
  type: 'rule',
  values: [
    'aria-command-name',
    'aria-input-field-name',
    'button-name',
    'document-title',
    'empty-heading',
    'empty-table-header',
    'html-has-lang',
    'html-lang-valid',
    'identical-links-same-purpose',
    'image-alt',
    'label',
    'label-content-name-mismatch',
    'label-title-only',
    'landmark-unique',
    'link-name',
    'select-name',
    'summary-name',
    'svg-img-alt',
    'target-size',
    'valid-lang',
  ],
};

/**
 * `draw` puts a document in place of the one that is there, and answers how wide it is (scripts and what is fetched stay
 * out); `complain` tells what axe finds in each of several.
 */
const drawing = `
const sheet = new CSSStyleSheet();
sheet.replaceSync(${JSON.stringify(stylesheet)});

globalThis.draw = (html, styled = true) => {
  const { documentElement } = new DOMParser().parseFromString(html, 'text/html');
  for (const fetched of documentElement.querySelectorAll('link, script')) fetched.remove();
  document.adoptedStyleSheets = styled ? [sheet] : [];
  document.replaceChild(document.adoptNode(documentElement), document.documentElement);
  return document.documentElement.scrollWidth;
};

globalThis.complain = async (documents, settings) => {
  const wrong = {};
  for (const [name, html] of documents) {
    draw(html);
    const { violations } = await axe.run(settings);
    const found = violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' '));
    if (found.length > 0) wrong[name] = found;
  }
  return wrong;
}; 0`;

/** An address, which is as long in every language, stands beside the longest words. */
function isWordiest(locale: Locale): boolean {
  return locale === 'de';
}

const looksNew = ({ onlyWords }: Sample): boolean => !onlyWords;

/** Whether a sample has elements of a class that none before it had: an element's colours go by its class, not its view. */
function hasNewColours(): (one: Sample) => boolean {
  const seen = new Set<string>();

  return (one) => {
    const found = [...one.render('en').matchAll(/<(\w+)[^>]*? class="([^"]*)"/g)].map(
      ([, tag, name]) => `${tag} ${name}`,
    );
    const isNew = found.some((each) => !seen.has(each));
    for (const each of found) seen.add(each);

    return isNew;
  };
}

function isFirstOfItsView(one: Sample): boolean {
  return samples.find(({ view }) => view === one.view) === one;
}
