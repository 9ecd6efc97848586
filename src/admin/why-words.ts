import type { Locale } from '../domain/account.ts';
import { itemTitle, timeInWords } from '../domain/consent-words.ts';
import type { Json } from '../domain/json.ts';
import type { RehearsedTokens } from '../domain/rehearsal.ts';
import type { Explained, ExplainedStep, Refusal } from '../operations/why.ts';
import type { MessageKey, Say } from '../web/route.ts';
import { personOf, type Person } from './account-words.ts';
import { clientPath } from './client-places.ts';

/** What would happen, as the page shows it. */
export interface ShownWhy {
  person: Person;
  client: { name: string; path: string };
  /** Whether the app would get what it asks for. */
  goes: boolean;
  refusals: { title: string; about: string; /** Milliseconds. */ until?: number }[];
  steps: ShownPart[];
  consent: { text: MessageKey; items: string[] };
  tokens: ShownPart[];
  request: Fact[];
}

interface ShownPart {
  title: MessageKey;
  facts: Fact[];
  /** What stands in it, by the names that the app reads. */
  claims?: Fact[];
}

interface Fact {
  label: string;
  value: string;
}

interface Words {
  say: Say;
  locale: Locale;
}

export function shownWhy(found: Explained, words: Words): ShownWhy {
  const { account, client, refusals, steps, consent, tokens, request } = found;

  return {
    person: personOf(account),
    client: { name: client.metadata.client_name, path: clientPath(client.id) },
    goes: refusals.length === 0,
    refusals: refusals.map((one) => shownRefusal(one, words)),
    steps: steps.map((one) => shownStep(one, words)),
    consent: {
      text: `why.consent.${consent.kind}`,
      items: consent.kind === 'asked' ? consent.items.map((item) => itemTitle(item, words.locale)) : [],
    },
    tokens: tokens ? shownTokens(tokens, words) : [],
    request: request.map(({ name, value }) => ({ label: name, value })),
  };
}

function shownRefusal(refusal: Refusal, { say }: Words): ShownWhy['refusals'][number] {
  if (refusal.by === 'protocol') {
    const { error, description, told } = refusal;

    return {
      title: say('why.refused.protocol', { error }),
      about: [say(`why.told.${told}`), ...(description === undefined ? [] : [description])].join(' '),
    };
  }

  const { why } = refusal;
  if (refusal.by === 'client') return { title: say(`why.refused.${why}`), about: '' };

  return {
    title: say(`why.refused.${why}`),
    about: refusal.reason ?? '',
    ...(refusal.until !== undefined && { until: refusal.until }),
  };
}

function shownStep(one: ExplainedStep, { say }: Words): ShownPart {
  const title = `why.step.${one.step}` as const;

  return { title, facts: factsOf().filter(({ value }) => value !== '') };

  function factsOf(): Fact[] {
    switch (one.step) {
      case 'sign-in':
        return [
          { label: say('why.by'), value: inList(one.ways.map((way) => say(wayWords[way]))) },
          { label: say('why.reasons'), value: inList(one.reasons) },
        ];
      case 'second-factor':
        return [
          { label: say('why.because'), value: say(`why.because.${one.why}`) },
          { label: say('why.by'), value: inList(one.methods.map((method) => say(methodWords[method]))) },
          { label: say('why.remembered'), value: one.remembered === 0 ? '' : String(one.remembered) },
        ];
      case 'set-up':
        return [{ label: say('why.because'), value: say(`why.because.${one.why}`) }];
      case 'verify-email':
        return one.optional ? [{ label: say('why.because'), value: say('why.optional') }] : [];
      case 'consent':
        return [{ label: say('why.reasons'), value: inList(one.reasons) }];
      default:
        return [];
    }
  }
}

const wayWords = { password: 'account.password', passkey: 'secondFactor.passkey' } as const;

const methodWords = {
  passkey: 'secondFactor.passkey',
  authenticator: 'secondFactor.authenticator',
  text: 'secondFactor.text',
  email: 'secondFactor.email',
  'recovery-code': 'secondFactor.recovery-code',
} as const;

function shownTokens({ access, refresh, id, userinfo }: RehearsedTokens, { say, locale }: Words): ShownPart[] {
  const time = (seconds: number) => timeInWords(seconds, locale);
  const lasts = (seconds: number): Fact => ({ label: say('why.lasts'), value: time(seconds) });

  return [
    ...(id
      ? [
          {
            title: 'why.token.id' as const,
            facts: [lasts(id.lasts), { label: say('why.algorithm'), value: id.algorithm }],
            claims: claimsOf(id.claims),
          },
        ]
      : []),
    ...(access
      ? [
          {
            title: 'why.token.access' as const,
            facts: [
              lasts(access.lasts),
              { label: say('why.format'), value: access.format === 'jwt' ? 'JWT' : say('why.opaque') },
              { label: say('why.audience'), value: access.audience ?? say('why.here') },
              { label: say('why.scopes'), value: inList(access.scopes) },
            ],
          },
        ]
      : []),
    ...(refresh
      ? [
          {
            title: 'why.token.refresh' as const,
            facts: [
              { label: say('why.idle'), value: time(refresh.idle) },
              { label: say('why.absolute'), value: time(refresh.absolute) },
            ],
          },
        ]
      : []),
    ...(userinfo ? [{ title: 'why.token.userinfo' as const, facts: [], claims: claimsOf(userinfo) }] : []),
  ];
}

function claimsOf(claims: Readonly<Record<string, Json>>): Fact[] {
  return Object.entries(claims).map(([label, value]) => ({
    label,
    value: typeof value === 'string' ? value : JSON.stringify(value),
  }));
}

function inList(words: readonly string[]): string {
  return words.join(' · ');
}
