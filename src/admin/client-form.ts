import { z } from 'zod';

import type { Locale } from '../domain/account.ts';
import type { ClientMetadata } from '../domain/client.ts';
import type { ResourceWords } from '../domain/consent-items.ts';
import { sha256 } from '../domain/ids.ts';
import type { ClientKind } from '../operations/clients.ts';
import type { Problem } from '../operations/problems.ts';
import type { MessageKey, ProblemText, Say } from '../web/route.ts';

/**
 * The form of an app: which fields each kind has, what stands in them, and the metadata that comes of them. What may be
 * said in them is checked where the protocol has it checked, in `operations/`.
 */

/** What an app may ask of people without being an API of somebody (OpenID Connect Core 1.0 section 5.4). */
const personalScopes = ['profile', 'email', 'phone', 'address', 'offline_access'] as const;

const scopeWords = {
  profile: 'clients.scope.profile',
  email: 'clients.scope.email',
  phone: 'clients.scope.phone',
  address: 'clients.scope.address',
  offline_access: 'clients.scope.offline',
} as const satisfies Record<(typeof personalScopes)[number], MessageKey>;

/** What most apps need; a person can be asked for the rest when it is wanted. */
const usual: readonly string[] = ['profile', 'email'];

type ListField = 'redirect_uris' | 'post_logout_redirect_uris';
type UriField = 'backchannel_logout_uri' | 'client_uri' | 'logo_uri' | 'policy_uri' | 'tos_uri';

const lists: readonly ListField[] = ['redirect_uris', 'post_logout_redirect_uris'];
const uris: readonly UriField[] = ['backchannel_logout_uri', 'client_uri', 'logo_uri', 'policy_uri', 'tos_uri'];

/** People meet it in a browser: it is sent answers, and may be told that they have left. */
const withBrowser: readonly ClientKind[] = ['web', 'spa', 'native'];
const withPeople: readonly ClientKind[] = [...withBrowser, 'device'];

/** In the order in which they stand on the page. */
export interface ClientFields {
  name: string;
  nameHint: MessageKey;
  redirects?: { value: string; hint: MessageKey };
  postLogout?: { value: string };
  /** In words, with the name of its box. */
  scopes: Box[];
  apis: { name: string; boxes: Box[] }[];
  /** For an API: which of those that are registered it answers for. */
  introspects?: Box[];
  firstParty?: boolean;
  secondFactor?: boolean;
  /** Addresses that can wait until the app is there. */
  addresses: { name: UriField; value: string; label: MessageKey; hint: MessageKey }[];
}

interface Box {
  field: string;
  label: string;
  checked: boolean;
}

export interface FormRules {
  /** The registered APIs, in words. */
  apis: readonly ResourceWords[];
  say: Say;
  locale: Locale;
}

export const clientForm = z.looseObject({ client_name: z.string(), version: z.string().max(20).optional() });

export type ClientInput = z.output<typeof clientForm>;

const redirectHints = {
  web: 'clients.redirectsWhy.web',
  spa: 'clients.redirectsWhy.spa',
  native: 'clients.redirectsWhy.native',
} as const;

const addressWords = {
  backchannel_logout_uri: ['clients.backchannel', 'clients.backchannelWhy'],
  client_uri: ['clients.website', 'clients.websiteWhy'],
  logo_uri: ['clients.logo', 'clients.logoWhy'],
  policy_uri: ['clients.policy', 'clients.policyWhy'],
  tos_uri: ['clients.terms', 'clients.termsWhy'],
} as const satisfies Record<UriField, readonly [MessageKey, MessageKey]>;

/** `stored` is what a registered app has; without it, the form is for a new one and asks no more than it needs. */
export function fieldsOf(kind: ClientKind, rules: FormRules, stored?: ClientMetadata): ClientFields {
  const isHere = (kinds: readonly ClientKind[]) => kinds.includes(kind);
  const holds = scopesIn(stored);
  const lines = (name: ListField) => (stored?.[name] ?? []).join('\n');

  return {
    name: stored?.client_name ?? '',
    nameHint: isHere(withPeople) ? 'clients.nameWhy' : 'clients.nameWhyAlone',
    ...((kind === 'web' || kind === 'spa' || kind === 'native') && {
      redirects: { value: lines('redirect_uris'), hint: redirectHints[kind] },
      postLogout: { value: lines('post_logout_redirect_uris') },
    }),
    scopes: isHere(withPeople)
      ? personalScopes.map((scope) => ({
          field: scopeField('', scope),
          label: rules.say(scopeWords[scope]),
          checked: stored ? holds('', scope) : usual.includes(scope),
        }))
      : [],
    apis: kind === 'api' ? [] : rules.apis.map((api) => ({ name: api.name, boxes: boxesOf(api, rules, holds) })),
    ...(kind === 'api' && {
      introspects: rules.apis.map(({ identifier, name }) => ({
        field: introspectsField(identifier),
        label: `${name} (${identifier})`,
        checked: stored?.introspects?.includes(identifier) ?? false,
      })),
    }),
    ...(isHere(withPeople) && { firstParty: stored?.first_party ?? false }),
    ...(isHere(withPeople) && stored && { secondFactor: stored.require_second_factor ?? false }),
    addresses: (stored && isHere(withPeople) ? uris : []).map((name) => {
      const [label, hint] = addressWords[name];

      return { name, value: stored?.[name] ?? '', label, hint };
    }),
  };
}

/** What was typed, as metadata; what the form has no field for stays as it is stored. */
export function metadataFrom(
  input: ClientInput,
  { kind, apis, stored }: { kind: ClientKind; apis: readonly ResourceWords[]; stored?: ClientMetadata | undefined },
): Record<string, unknown> {
  const typed = (name: string) => (typeof input[name] === 'string' ? input[name] : '');
  const isHere = (kinds: readonly ClientKind[]) => kinds.includes(kind);
  const known = isHere(withBrowser) ? lists : [];
  const result: Record<string, unknown> = { ...stored, client_name: input.client_name };

  for (const name of known) setOrLeave(result, name, linesOf(typed(name)), name === 'redirect_uris');
  if (stored && isHere(withPeople)) {
    for (const name of uris) setOrLeave(result, name, typed(name).trim(), false);
    setOrLeave(result, 'require_second_factor', 'require_second_factor' in input, false);
  }

  if (isHere(withPeople)) setOrLeave(result, 'first_party', 'first_party' in input, false);
  if (kind !== 'api') return { ...result, ...scopesFrom(input, { kind, apis, stored }) };

  const offered = apis.map(({ identifier }) => identifier);
  const others = (stored?.introspects ?? []).filter((identifier) => !offered.includes(identifier));
  const ticked = offered.filter((identifier) => introspectsField(identifier) in input);
  setOrLeave(result, 'introspects', [...others, ...ticked], false);

  return result;
}

/** Of several problems in one field the first, with its line where it has several. */
export function besideFields(problems: readonly Problem[], say: Say): Record<string, ProblemText> {
  const beside = problems.map(({ path, key, values }): [string, ProblemText] => {
    const [, name = '', line] = /^(\w+)(?:\[(\d+)\])?/.exec(path) ?? [];
    const text: ProblemText = values === undefined ? key : { key, values };
    const hasField = name === 'client_name' || [...lists, ...uris].some((field) => field === name);
    if (!hasField) return ['form', text];

    return [
      name,
      line === undefined
        ? text
        : { key: 'clients.inLine', values: { line: Number(line) + 1, problem: say(key, values) } },
    ];
  });

  return Object.fromEntries(beside.toReversed());
}

function setOrLeave(into: Record<string, unknown>, name: string, value: unknown, needed: boolean): void {
  const isNothing = value === '' || value === false || (Array.isArray(value) && value.length === 0);

  if (isNothing && !needed) delete into[name];
  else into[name] = value;
}

function linesOf(text: string): string[] {
  return text
    .split(/\r\n?|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** An app without a list of scopes may ask for everything that is offered. */
function scopesIn(metadata: ClientMetadata | undefined): (api: string, scope: string) => boolean {
  const named = metadata?.scope?.split(' ');

  return (api, scope) =>
    metadata !== undefined &&
    (api === '' || (metadata.resources?.includes(api) ?? false)) &&
    (named?.includes(scope) ?? true);
}

function boxesOf(
  { identifier, scopes }: ResourceWords,
  { locale }: FormRules,
  holds: (api: string, scope: string) => boolean,
): Box[] {
  return scopes.map(({ name, description }) => {
    const words = description[locale] ?? description['en'];
    const label = words === undefined ? name : `${words} (${name})`;

    return { field: scopeField(identifier, name), label, checked: holds(identifier, name) };
  });
}

function scopesFrom(
  input: ClientInput,
  { kind, apis, stored }: { kind: ClientKind; apis: readonly ResourceWords[]; stored?: ClientMetadata | undefined },
): { scope?: string | undefined; resources?: string[] | undefined } {
  const withIt = withPeople.includes(kind);
  const all = [
    ...(withIt ? personalScopes.map((scope) => ({ api: '', scope: scope as string })) : []),
    ...apis.flatMap(({ identifier, scopes }) => scopes.map(({ name }) => ({ api: identifier, scope: name }))),
  ];
  const ticked = all.filter(({ api, scope }) => scopeField(api, scope) in input);
  const before = scopesIn(stored);
  const offered = apis.map(({ identifier }) => identifier);
  const chosen = offered.filter((identifier) => ticked.some(({ api }) => api === identifier));
  const resources = [...(stored?.resources ?? []).filter((name) => !offered.includes(name)), ...chosen];

  // Nothing was changed here: one that may ask for everything goes on so, with what will be offered later.
  if (stored && all.every(({ api, scope }) => before(api, scope) === scopeField(api, scope) in input)) return {};

  const known = new Set(['openid', ...all.map(({ scope }) => scope)]);
  const unseen = (stored?.scope ?? '').split(' ').filter((scope) => scope !== '' && !known.has(scope));
  const scope = [...new Set([...(withIt ? ['openid'] : []), ...ticked.map((one) => one.scope), ...unseen])].join(' ');

  return {
    scope: scope === '' ? undefined : scope,
    resources: resources.length === 0 ? undefined : resources,
  };
}

function scopeField(api: string, scope: string): string {
  return api === '' ? `may-${scope}` : `may-${sha256(`${api} ${scope}`).slice(0, 16)}`;
}

function introspectsField(identifier: string): string {
  return `asks-${sha256(identifier).slice(0, 16)}`;
}
