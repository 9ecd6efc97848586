import type { ShownApiKey } from '../../src/account/api-key-rows.ts';
import { apiKeysView, apiKeyView, madeApiKeyView, newApiKeyView } from '../../src/account/api-keys.ts';
import { accountApiWords } from '../../src/domain/account-api.ts';
import type { Locale } from '../../src/domain/account.ts';
import { timeInWords } from '../../src/domain/consent-words.ts';
import { day, now, sample, type Sample, type Told } from './sample.ts';

const own = accountApiWords({ issuer: 'https://id.example', brand: 'Northwind ID' });
const wordsIn = (locale: Locale): string[] => own.scopes.map(({ description }) => description[locale] ?? '');

export const backup = ({ locale }: Pick<Told, 'locale'>): ShownApiKey => ({
  id: 'Zk3vQ8sWm1xT0rYbN5cLpA',
  name: 'Nightly backup',
  prefix: 'gthk_4fQz9K',
  api: 'Northwind ID',
  permissions: wordsIn(locale),
  createdAt: now - 20 * day,
  lastUsedAt: now - 3_600_000,
  ip: '2001:db8:85a3:8d3:1319:8a2e:370:7348',
  expiresAt: now + 70 * day,
});

const old: ShownApiKey = {
  id: 'aB3vQ8sWm1xT0rYbN5cLpA',
  name: 'A-script-with-one-long-word-for-a-name-1',
  prefix: 'gthk_Zx81Ba',
  permissions: [],
  createdAt: now - 400 * day,
};

const lives = ({ say, locale }: Told) => [
  ...[90, 30, 365].map((days) => ({ value: String(days), label: timeInWords(days * 86_400, locale) })),
  { value: '', label: say('apiKeys.livesForever') },
];

const api = ({ locale }: Told, name = 'Northwind ID') => ({
  name,
  permissions: wordsIn(locale).map((words, at) => ({ field: `may-${name.length}-${at}`, words })),
});

export const apiKeySamples: readonly Sample[] = [
  sample(apiKeysView, () => ({ keys: [], limit: 5, isOffered: true })),
  sample(apiKeysView, (told) => ({ keys: [backup(told), old], limit: 5, isOffered: true }), {
    as: 'with two',
    notice: 'apiKeys.deleted',
  }),
  sample(apiKeysView, () => ({ keys: [old], limit: 1, isOffered: true }), { as: 'as many as can be', onlyWords: true }),
  sample(apiKeysView, () => ({ keys: [], limit: 0, isOffered: false }), { as: 'not offered', onlyWords: true }),
  sample(newApiKeyView, (told) => ({ nameLength: 40, once: 'o', apis: [api(told)], lives: lives(told) })),
  sample(
    newApiKeyView,
    (told) => ({ nameLength: 40, once: 'o', apis: [api(told), api(told, 'Orders')], lives: lives(told) }),
    {
      as: 'with problems',
      problems: { name: 'problem.required', permissions: 'problem.apiKeyOneApi' },
      values: { 'may-6-0': 'on' },
    },
  ),
  sample(newApiKeyView, () => ({ nameLength: 40, once: 'o', apis: [], lives: [] }), {
    as: 'not offered',
    onlyWords: true,
  }),
  sample(madeApiKeyView, () => ({
    key: 'gthk_4fQz9KJ7mW2xT0rYbN5cLpAZk3vQ8sWm1xT0rYbN5c2',
    name: 'Nightly backup',
  })),
  sample(apiKeyView, (told) => ({ apiKey: backup(told) }), { titleValues: { name: 'Nightly backup' } }),
];
