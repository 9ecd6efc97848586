import { createRequire } from 'node:module';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

import { locales } from '../../src/domain/account.ts';
import { patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { samples } from '../views/every-view.ts';
import { stylesheet, type Sample } from '../views/sample.ts';

/**
 * Every view in every language, drawn without a server in one tab that keeps axe loaded: the whole of axe on each view,
 * and on what a view looks like else (with problems, with more set up) in English, where the words are all that differs.
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
      const wide: Record<string, unknown> = {};

      for (const one of samples) {
        const width = await page.evaluate(`draw(${JSON.stringify(one.render(locale))})`);
        if (width !== 390) wide[one.name] = width;
      }

      expect(wide).toEqual({});
    },
    patience,
  );

  test.each(locales)(
    'axe has nothing to say, in light and in dark, in %s',
    async (locale) => {
      const wrong: Record<string, unknown> = {};

      for (const scheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: scheme });

        for (const one of samples.filter((each) => (locale === 'en' ? !each.onlyWords : isFirstOfItsView(each)))) {
          await page.evaluate(`draw(${JSON.stringify(one.render(locale))})`);
          const found = await violations(page, scheme === 'light' ? {} : { runOnly: ofColours });
          if (found.length > 0) wrong[`${one.name}, ${scheme}`] = found;
        }
      }

      expect(wrong).toEqual({});
    },
    patience,
  );
});

const axe = createRequire(import.meta.url)('axe-core') as { source: string };

/** What the scheme can change. */
const ofColours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

/** Puts a document in place of the one that is there, and answers how wide it is. Scripts and what is fetched stay out. */
const drawing = `globalThis.draw = (html) => {
  const { documentElement } = new DOMParser().parseFromString(html, 'text/html');
  for (const fetched of documentElement.querySelectorAll('link, script')) fetched.remove();
  const style = document.createElement('style');
  style.textContent = ${JSON.stringify(stylesheet)};
  documentElement.querySelector('head').append(style);
  document.replaceChild(document.adoptNode(documentElement), document.documentElement);
  return document.documentElement.scrollWidth;
}; 0`;

function isFirstOfItsView(one: Sample): boolean {
  return samples.find(({ view }) => view === one.view) === one;
}

async function violations(page: Page, options: object): Promise<string[]> {
  const settings = JSON.stringify({ preload: false, resultTypes: ['violations'], ...options });
  const { violations: found } = (await page.evaluate(`axe.run(${settings})`)) as AxeResults;

  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
