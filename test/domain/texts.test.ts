import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';

import { locales } from '../../src/domain/account.ts';
import { textIn, type TextKey } from '../../src/domain/texts.ts';

type Forms = Record<string, string>;

/** Key -> its text, or its plural forms. */
const catalogues = new Map(
  locales.map((locale) => {
    const file = new URL(`../../config/locales/${locale}.json`, import.meta.url);

    return [locale, new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string | Forms>))];
  }),
);

const english = catalogues.get('en') ?? new Map<string, string | Forms>();
const formsOf = (text: string | Forms | undefined): Forms => (typeof text === 'object' ? text : { other: text ?? '' });
const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).toSorted();

/** Words that are the same in both languages. Anything else that reads like English was left behind by mistake. */
const alike: Readonly<Record<string, readonly string[]>> = {
  de: [
    'Administrator',
    'Auditor',
    'Status',
    'Name',
    'Passkey',
    'Passkeys',
    'Code',
    'Problem: {title}',
    'Website',
    'App',
    'API',
    'Apps',
    'Logo',
    'Webhooks',
    'Format',
    'Person',
    'Userinfo',
  ],
  ko: ['API'],
  ja: ['API'],
  fr: [
    'Pages',
    'Messages',
    'E-mail',
    'Code',
    'Applications',
    'Type',
    'API',
    'Logo',
    'Machine',
    'Secrets',
    'Webhooks',
    'Description',
    'Format',
    'Opaque',
    'Userinfo',
  ],
  es: ['Error', 'Auditor', 'API', 'Webhooks', 'No', 'Userinfo'],
};

/** Punctuation, as German, Korean, Japanese and Spanish have it, too. */
const punctuation = [
  'message.colon',
  'accounts.doingOf',
  'clients.doing',
  'clients.one',
  'clients.number',
  'webhooks.one',
  'webhooks.formTitle',
];

describe.each(locales.filter((locale) => locale !== 'en'))('the texts in %s', (locale) => {
  const texts = catalogues.get(locale) ?? new Map<string, string | Forms>();

  test('are those of English, in the same order', () => {
    expect([...texts.keys()]).toEqual([...english.keys()]);
  });

  test('have the same placeholders, in each plural form', () => {
    for (const [key, text] of texts) {
      const expected = placeholders(formsOf(english.get(key))['other'] ?? '');

      for (const form of Object.values(formsOf(text))) expect([key, placeholders(form)]).toEqual([key, expected]);
    }
  });

  test('have all plural forms that the language has, and no other', () => {
    const categories = new Intl.PluralRules(locale).resolvedOptions().pluralCategories;

    for (const [key, text] of texts) {
      if (typeof text === 'string') continue;

      expect(categories).toEqual(expect.arrayContaining(Object.keys(text)));
      // "many" of the Romance languages begins at a million.
      expect([key, Object.keys(text).toSorted()]).toEqual([key, categories.filter((one) => one !== 'many').toSorted()]);
    }
  });

  test('are translated', () => {
    const same = [...texts].filter(([key, text]) => text === english.get(key) && !punctuation.includes(key));

    expect(new Set(same.map(([, text]) => text))).toEqual(new Set(alike[locale]));
  });

  test('are whole, without blanks at the ends, doubled ones, or straight quotation marks', () => {
    for (const [key, text] of texts) {
      for (const form of Object.values(formsOf(text))) {
        expect([key, form]).toEqual([key, expect.stringMatching(/^\S(.*\S)?$|^\s?:$/u)]);
        expect([key, form]).not.toEqual([key, expect.stringMatching(/ {2}|["']|\.\.\./)]);
      }
    }
  });
});

describe('typography', () => {
  const every = (locale: 'fr' | 'es' | 'ja' | 'ko') =>
    [...(catalogues.get(locale) ?? [])].flatMap(([key, text]) => Object.values(formsOf(text)).map((one) => [key, one]));

  test('French: no line breaks before a mark that stands apart', () => {
    expect(
      every('fr').filter(([, text = '']) => /[^\u202f\s][;!?](\s|$)| [:;!?»]|« |\u202f[:»]|«\u202f/.test(text)),
    ).toEqual([]);
  });

  test('Spanish: a question begins with its mark', () => {
    const count = (text: string, mark: string) => text.split(mark).length;

    expect(every('es').filter(([, text = '']) => count(text, '?') !== count(text, '¿'))).toEqual([]);
  });

  test('Japanese: sentences end in a full stop of their own, and no blank stands between letters', () => {
    const kana = '[\\u3040-\\u30ff\\u4e00-\\u9fff]';

    expect(every('ja').filter(([, text = '']) => new RegExp(`${kana}[.,] ?|${kana} ${kana}`).test(text))).toEqual([]);
  });

  test('Korean: polite throughout, and no particle that goes by the last letter stands behind a name', () => {
    expect(every('ko').filter(([, text = '']) => /\}(은|는|이|가|을|를|과|와|으로|로)(?![가-힣])/.test(text))).toEqual(
      [],
    );
    expect(every('ko').filter(([, text = '']) => /(한다|하라|해라|이다)\.$/.test(text))).toEqual([]);
  });
});

describe('a text', () => {
  const left: TextKey = 'recoveryCodes.left';

  test('goes by the plural rules of its language', () => {
    expect(textIn('de', left, { count: 1 })).toBe('1 davon lässt sich noch benutzen.');
    expect(textIn('de', left, { count: 2 })).toBe('2 davon lassen sich noch benutzen.');
    expect(textIn('fr', left, { count: 0 })).toBe('0 code est encore utilisable.');
    expect(textIn('es', left, { count: 0 })).toBe('Todavía se pueden usar 0 códigos.');
    expect(textIn('fr', left, { count: 1_000_000 })).toMatch(/^1\s000\s000 codes sont/);
    expect(textIn('ko', left, { count: 1 })).toBe('사용할 수 있는 코드가 1개 남았습니다.');
  });

  test('writes numbers as the language does', () => {
    expect(locales.map((locale) => textIn(locale, 'problem.tooManyEntries', { max: 12_345 }))).toEqual([
      'At most 12,345 entries, please.',
      'Bitte höchstens 12.345 Einträge.',
      '최대 12,345개까지 지정할 수 있습니다.',
      '12,345件以内で指定してください。',
      expect.stringMatching(/^12\s345 entrées au maximum\.$/),
      'Como máximo 12.345 entradas.',
    ]);
  });

  test('is filled once: what fills it is text', () => {
    expect(textIn('en', 'error.backToApp', { app: '{app} $&' })).toBe('Back to {app} $&');
  });
});
