import type { Json } from './json.ts';

/**
 * The settings of the configuration that administrators may set while it runs: those by which an installation is fitted to
 * its people. How it is reached, kept and sealed is the operator's alone, and stands in the configuration file.
 */
export const settingSections = {
  registration: ['registration.allowed', 'registration.per_address', 'account.verify_email'],
  passwords: [
    'passwords.minimum_length',
    'passwords.minimum_length_with_second_factor',
    'limits.sign_in.window',
    'limits.sign_in.failures_per_pair',
    'limits.sign_in.failures_per_account',
    'limits.sign_in.failures_per_address',
    'limits.sign_in.first_wait',
    'limits.sign_in.longest_wait',
  ],
  sessions: [
    'session.idle',
    'session.absolute',
    'session.remember',
    'account.recent_sign_in',
    'account.recent_sign_in_for',
    'tokens.access_token',
    'tokens.id_token',
    'tokens.refresh_token_idle',
    'tokens.refresh_token_absolute',
    'account.closing_grace',
  ],
  mail: [
    'messages.from',
    'messages.from_name',
    'messages.reply_to',
    'messages.smtp.host',
    'messages.smtp.port',
    'messages.smtp.security',
    'messages.smtp.user',
    'messages.smtp.password',
  ],
  texts: [
    'messages.sms.account_sid',
    'messages.sms.auth_token',
    'messages.sms.from',
    'messages.sms.messaging_service_sid',
    'messages.sms.countries',
    'messages.sms.caps.per_number',
    'messages.sms.caps.per_address',
    'messages.sms.caps.per_prefix',
    'messages.sms.caps.per_day',
  ],
  branding: [
    'branding.name',
    'branding.logo',
    'branding.accent.light',
    'branding.accent.dark',
    'branding.css',
    'branding.links.privacy',
    'branding.links.terms',
    'branding.links.help',
  ],
} as const;

export type SettingSection = keyof typeof settingSections;
export type SettingName = (typeof settingSections)[SettingSection][number];

export const sectionNames = Object.keys(settingSections) as SettingSection[];
export const settingNames: readonly SettingName[] = Object.values(settingSections).flat();

export const secretSettings = ['messages.smtp.password', 'messages.sms.auth_token'] as const;
/** In the configuration file these are paths of files; here, what would stand in one. */
export const fileSettings = ['branding.logo', 'branding.css'] as const;

export type SecretSetting = (typeof secretSettings)[number];
export type FileSetting = (typeof fileSettings)[number];

export function isSecretSetting(name: string): name is SecretSetting {
  return (secretSettings as readonly string[]).includes(name);
}

export function isFileSetting(name: string): name is FileSetting {
  return (fileSettings as readonly string[]).includes(name);
}

/** As it would be written in the configuration file. Of a logo: base64; of a stylesheet: its text. */
export type SettingValue = string | number | boolean | string[];
export type SettingValues = Partial<Record<SettingName, SettingValue>>;

/** What is to be set; null gives one back to its default. A logo is given as base64, a stylesheet as its text. */
export type SettingChanges = { [Name in SettingName]?: SettingValue | null | undefined };

/** The row of `settings` that holds them. */
export const managedSetting = 'managed';

export interface ManagedSettings {
  /** 1 for the first; each change is one more. */
  version: number;
  /** Without secrets; instead of the content of a file, the end of its row's id. */
  values: SettingValues;
  /** The secrets by their names, as JSON, sealed. */
  sealed?: string;
  /** Milliseconds, and who, as an event has it. */
  changedAt: number;
  changedBy: string;
}

/** What the secrets are sealed as. */
export const managedSecretsContext = 'managed-settings';

/** What of the row is sealed. */
export function sealedIn({ id, value }: { id: string; value: Json }): string | undefined {
  return id === managedSetting ? (value as unknown as ManagedSettings).sealed : undefined;
}

/** A file has a row of its own, which changes never: a node looks at the settings all the while, and seldom at this. */
export function fileRowId(hash: string): string {
  return `file:${hash}`;
}
