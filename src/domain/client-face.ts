import type { Client, ClientMetadata } from './client.ts';

/** How a client is shown to people: text and links that were checked at registration, to be shown inertly (S20, S21). */
export interface ClientFace {
  id: string;
  /** At most 60 characters, control and bidi characters removed. */
  name: string;
  firstParty: boolean;
  /** Where the answer goes: `wiki.example.net`, or a custom scheme. */
  host: string;
  /** Whether that is a loopback address: pages say so in words. */
  onThisComputer: boolean;
  /** Whether anybody could claim to be this client: loopback or custom scheme (consent is asked each time). */
  impersonable: boolean;
  logoUri?: string;
  clientUri?: string;
  policyUri?: string;
  tosUri?: string;
}

/** How many characters of a client's name people are shown. */
const longestName = 60;

/**
 * How a client is shown to people. `redirectUri` is the one of the request at hand; without it the client is judged by
 * everything that it registered. Nothing in it can change the page around it (S20, S21).
 */
export function clientFace(client: Pick<Client, 'id' | 'metadata'>, redirectUri?: string): ClientFace {
  const { metadata } = client;
  const uris = redirectUri === undefined ? (metadata.redirect_uris ?? []) : [redirectUri];

  return {
    id: client.id,
    name: shownName(metadata.client_name) || shownName(client.id) || 'App',
    firstParty: metadata.first_party === true,
    ...placeOf(uris[0]),
    impersonable: uris.some((uri) => isImpersonable(metadata.token_endpoint_auth_method, uri)),
    ...links(metadata),
  };
}

/**
 * One line without control, bidirectional and invisible characters, at most 60 code points. The joiners (U+200C,
 * U+200D) stay: Persian, the Indic scripts and emoji are written with them.
 */
function shownName(name: string): string {
  const inert = name
    .slice(0, 1000)
    .normalize('NFC')
    .replace(/[\p{Zl}\p{Zp}\p{Cc}]+/gu, ' ')
    .replace(/(?![\u200C\u200D])[\p{Cf}\p{Co}\p{Cs}\p{Cn}\u115F\u1160\u3164\uFFA0\u2800]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();

  if (!/[\p{L}\p{N}\p{P}\p{S}]/u.test(inert)) return '';

  const characters = Array.from(inert);
  return characters.length <= longestName
    ? inert
    : `${characters
        .slice(0, longestName - 1)
        .join('')
        .trimEnd()}…`;
}

/** Where the answer goes: the host, or a custom scheme (RFC 8252 section 7.1). */
function placeOf(uri: string | undefined): Pick<ClientFace, 'host' | 'onThisComputer'> {
  const url = uri === undefined ? null : URL.parse(uri);

  if (url === null) return { host: '', onThisComputer: false };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return { host: url.protocol.slice(0, -1), onThisComputer: false };
  }

  return { host: url.host, onThisComputer: isLoopbackHost(url.hostname) };
}

/** Whether any program on the person's machine could claim to be the client that is answered there. */
export function isImpersonable(authMethod: string | undefined, redirectUri: string): boolean {
  const url = URL.parse(redirectUri);
  return authMethod === 'none' && (url?.protocol !== 'https:' || isLoopbackHost(url.hostname));
}

/** RFC 8252 sections 7.3 and 8.3. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function links({ logo_uri, client_uri, policy_uri, tos_uri }: ClientMetadata): Partial<ClientFace> {
  const shown = { logoUri: logo_uri, clientUri: client_uri, policyUri: policy_uri, tosUri: tos_uri };

  return Object.fromEntries(Object.entries(shown).filter(([, uri]) => uri !== undefined && isWebAddress(uri)));
}

/** https, or plain http on this computer: anything else is no link (S52). */
export function isWebAddress(uri: string): boolean {
  const url = URL.parse(uri);

  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
}

/** The way back to an app that a person can take by themselves: where it begins to sign in, else its own page. */
export function wayBack({ initiate_login_uri, client_uri }: ClientMetadata): string | undefined {
  return [initiate_login_uri, client_uri].find((uri) => uri !== undefined && isWebAddress(uri));
}

/**
 * Sources for `form-action`: browsers hold it against the whole chain of redirects that a form starts, the app's own
 * included. `https:` covers most apps; one on this computer or in a custom scheme is named.
 */
export function formActionFor(redirectUri: string | undefined): string[] {
  const url = redirectUri === undefined ? null : URL.parse(redirectUri);

  if (url === null || url.protocol === 'https:') return ['https:'];
  if (url.protocol === 'http:') return isLoopbackHost(url.hostname) ? ['https:', url.origin] : ['https:'];

  return ['https:', url.protocol];
}
