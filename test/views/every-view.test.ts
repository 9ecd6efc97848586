import { fileURLToPath } from 'node:url';

import { describe, expect, test } from '@jest/globals';

import { locales } from '../../src/domain/account.ts';
import { eventKinds } from '../../src/events/catalogue.ts';
import { localeNames } from '../../src/domain/texts.ts';
import { templateFiles } from '../../src/web/render.ts';
import { textOf } from '../support/html.ts';
import { samples } from './every-view.ts';

test('every view has a sample, in test/views', () => {
  const views = templateFiles(fileURLToPath(new URL('../../views/', import.meta.url)));

  expect([...new Set(samples.map(({ view }) => view))].toSorted()).toEqual(
    views.filter((name) => !/^(partials|layout)\//.test(name)),
  );
});

describe.each(locales)('in %s', (locale) => {
  test.each(samples.map((one) => [one.name, one] as const))('%s is whole', (_name, one) => {
    const html = one.render(locale);
    // What events are called looks like the key of a text that there is none of.
    const text = textOf(html)
      .split(' ')
      .filter((word) => !eventKinds.some((kind) => kind === word))
      .join(' ');

    expect(html).toContain(`<html lang="${locale}">`);
    expect(/<title>(.*) · Northwind ID<\/title>/.exec(html)?.[1]).toMatch(/\S/);
    expect(html).not.toMatch(/\{\w+\}/);
    expect(text).not.toMatch(/undefined|\bnull\b|NaN|\[object|(?:signIn|account|message|error)\.\w/);

    if (html.includes('action="/language"')) {
      const others = Object.entries(localeNames).filter(([name]) => name !== locale);

      for (const [name, words] of others) expect(html).toContain(`value="${name}" lang="${name}">${words}</button>`);
    }
  });
});
