import type { ItemInWords } from '../domain/consent-words.ts';
import type { Html } from './html.ts';
import type { IconName } from './icons.ts';
import type { MessageKey } from './locale.ts';

/**
 * What each partial under `views/partials/` (and each layout) is given, beside the frame's fields. `v.part` and the
 * template check go by this map: a new partial is one file and one entry here.
 */
export interface Partials {
  /** The hidden field that every form of ours carries. */
  csrf: object;
  field: FieldData;
  check: CheckData;
  'new-password': NewPasswordData;
  notice: { tone: Tone; title?: string; text: string };
  /** What is wrong, summed up on top of the page; nothing when nothing is. */
  problems: object;
  /** The heading of a page on which an app asks for something; the sentence has a `{client}` in it. */
  'client-head': { client: ShownClient; title: string; sentence: string };
  'client-links': { client: ShownClient };
  /** Hidden until the script finds that the browser has passkeys. `options` as JSON. */
  'passkey-form': {
    action: string;
    options: string;
    ceremony: 'create' | 'get';
    label: string;
    primary: boolean;
    autofill: boolean;
  };
  /** A way to prove a second factor that can be asked for first; nothing where it is, or is the only one. */
  'prefer-method': { twoFactor: { methods: readonly string[]; preferred?: string }; method: string };
  /** What a short password must be before it is asked for alone, and the way there; `keep` is the way back. */
  'password-first': { min: number; keep: string; keepText: string };
  /** What an authenticator app reads: the secret as a picture, and to be typed. */
  authenticator: { shown: ShownAuthenticator };
  'recovery-codes': { codes: readonly string[] };
  /** When something happened, and what else is known of it, already in words. */
  'activity-facts': { entry: { at: number; facts: readonly { label: string; value: string }[] } };
  /** How a change of the address is taken back: with the message that went there (masked), until then (milliseconds). */
  'former-email': { formerEmail: { to: string; until: number } };
  /** What stands below a permission: what it means, and the values that are shared now. */
  'permission-about': { item: Pick<ItemInWords, 'meaning' | 'values'>; id: string; badge?: string };
  /** Permissions in words, a line each. */
  'permission-lines': { permissions: readonly string[] };
  /** A browser that is signed in: the beginning of its row. */
  'device-about': { device: ShownDevice };
  /** An app that goes on while the person is away: the beginning of its row. */
  'offline-about': { access: ShownOffline };
  /** A key that a program has: the beginning of its row. `identifier`: with what names it. */
  'api-key-about': { apiKey: ShownKey; identifier: boolean };
  /** A key that signs tokens, and one of the configuration: the beginnings of their rows. */
  'signing-key': { key: ShownSigningKey };
  'installation-key': { key: ShownInstallationKey };
  /** A box for ending access for the time away as well; nothing where no app has any. `apps` and `where` in words. */
  'offline-ends': { apps: string; where: string };
  /** What an app holds: people and sessions, or all of it (`isWhole`). Numbers of people and sessions in words. */
  'client-facts': { holdings: ShownClientHoldings; isWhole: boolean };
  /** Boxes that can be ticked together. */
  boxes: { caption: string; hint?: string; boxes: readonly { field: string; label: string; checked: boolean }[] };
  /** What can be asked of an API; `linked`: with the way to what it takes and answers. */
  operation: {
    operation: { id: string; method: string; path: string; summary: string; scope: string };
    linked: boolean;
  };
  /** What is sent or answered, field by field; `required` in words. */
  'api-fields': {
    id: string;
    title: string;
    fields: readonly { name: string; type: string; required: boolean; about: string }[];
    required: string;
  };
  /** What may be changed, and below it what is fixed. */
  'setting-fields': { fields: readonly ShownSettingField[]; fixed: readonly ShownFixedSetting[] };
  'layout/door': LayoutData;
  /** How a page would look: a document of its own. */
  'layout/look': { title: string; content: Html; css: Html };
  'layout/shell': LayoutData;
  brand: { brand: string; logo: string | undefined; home: string };
  footer: Pick<LayoutData, 'links' | 'languages' | 'here'>;
  'field-attributes': Omit<FieldData, 'label'> & { id: string; described: string; invalid: boolean };
}

export type ShownSettingField = Pick<FieldData, 'name' | 'type' | 'hint' | 'options' | 'inputmode'> & {
  label: MessageKey;
  value: string;
};

export interface ShownFixedSetting {
  label: MessageKey;
  value: string;
  where?: string;
}

/** What is shown of an app, inertly (S20, S21). */
export interface ShownClient {
  name: string;
  logoUri?: string;
  policyUri?: string;
  tosUri?: string;
}

/** `accessTokensUntil` in milliseconds. */
export interface ShownClientHoldings {
  people: string;
  sessions: string;
  grants: number;
  refreshTokens: number;
  accessTokensUntil?: number;
}

export interface ShownAuthenticator {
  /** `path` is the `d` of a path in a square of `size`. */
  qr: { size: number; path: string };
  secret: string;
  /** `otpauth:` */
  url: string;
}

/** Times in milliseconds; what is in words is empty where there is nothing to say. */
export interface ShownDevice {
  name: string;
  icon: IconName;
  isHere: boolean;
  ip: string;
  lastAccessedAt: number;
  apps: string;
  signedInAt: number;
  proofs: string;
  expiresAt: number;
}

export interface ShownOffline {
  app: string;
  permissions: readonly string[];
  lastUsedAt: number;
  givenAt: number;
  ip?: string;
  /** Of a device without a browser, in words. */
  device?: string;
}

/** Times in milliseconds. */
export interface ShownKey {
  id: string;
  name: string;
  prefix: string;
  api?: string;
  permissions: readonly string[];
  createdAt: number;
  lastUsedAt?: number;
  ip?: string;
  expiresAt?: number;
}

/** Times in milliseconds. */
export interface ShownSigningKey {
  kid: string;
  alg: string;
  state: MessageKey;
  tone: '' | 'good' | 'warn';
  from: number;
  until?: number;
  dueAt?: number;
  signatures: number;
  lastAt?: number;
  publishedUntil?: number;
  knownUntil?: number;
}

export interface ShownInstallationKey {
  name: string;
  current: boolean;
  uses: number;
  lastAt?: number;
  since?: number;
  removable?: { now: boolean; from: number };
  /** How much still rests under it. */
  left?: number;
  /** Settings that are made of it. */
  derives: readonly string[];
}

export type PartialName = keyof Partials;

export type Tone = 'good' | 'warn' | 'bad' | 'plain';

/** A label, an input, a hint and what is wrong with it. Texts are texts: call `v.say` yourself. */
export interface FieldData {
  name: string;
  label: string;
  /** `password` never shows a value. */
  type?: 'text' | 'email' | 'tel' | 'url' | 'date' | 'password' | 'textarea' | 'select';
  /** What is stored; what was typed goes before it. */
  value?: string;
  hint?: string;
  /** HTML Standard section 4.10.18.7 */
  autocomplete?: string;
  inputmode?: 'text' | 'email' | 'tel' | 'url' | 'numeric';
  /** HTML Standard section 6.8.7 */
  autocapitalize?: 'characters';
  spellcheck?: false;
  maxlength?: number;
  required?: boolean;
  readonly?: boolean;
  autofocus?: boolean;
  /** Of a `select`. */
  options?: readonly { value: string; label: string; lang?: string }[];
  /** A link beside the label, such as "Forgot password?". */
  aside?: { url: string; text: string };
}

/** A new password, with how strong it is: said beside its problems, and by a script while it is typed. */
export interface NewPasswordData {
  name: string;
  label: string;
  hint: string;
  /** The person's, which make a password weak; those that stand in fields of the same form are read there. */
  names?: readonly string[];
}

/** One box that can be ticked. Its value is `on` unless said otherwise. */
export interface CheckData {
  name: string;
  label: string;
  hint?: string;
  value?: string;
  /** Whether it is ticked before the person has sent anything. */
  checked?: boolean;
  disabled?: boolean;
}

export interface LayoutData {
  /** `page · brand` */
  title: string;
  brand: string;
  logo: string | undefined;
  home: string;
  stylesheet: string;
  /** What follows it. */
  sheets: readonly string[];
  favicon: string;
  content: Html;
  notice?: { tone: Tone; text: string };
  /** Only of a view in the shell, with somebody signed in. */
  account?: {
    email: string;
    /** The other ones that are theirs. */ consoles: readonly { path: string; label: string }[];
  };
  navigation: readonly { path: string; label: string; icon: IconName; current: boolean }[];
  /** The operator's links: privacy, terms, help. */
  links: readonly { url: string; text: string }[];
  /** The other languages that this page can be read in; empty where switching would lose something. */
  languages: readonly { locale: string; name: string }[];
  /** The path to come back to after switching. */
  here: string;
}
