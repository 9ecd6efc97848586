import type { Managed } from '../config/managed.ts';
import type { LogoType } from '../domain/branding-files.ts';
import {
  fileRowId,
  managedSecretsContext,
  managedSetting,
  type ManagedSettings,
  type SettingValues,
} from '../domain/managed-settings.ts';
import type { Records, Setting } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';

/** Settings as administrators have kept them: one versioned row, and one for each file that they handed in. */
export interface KeptDeps {
  records: Pick<Records, 'settings'>;
  sealing: Pick<Sealing, 'open'>;
}

export async function keptRow({ settings }: KeptDeps['records']): Promise<ManagedSettings | undefined> {
  return kept(await settings.get(managedSetting));
}

export function kept(row: Setting | undefined): ManagedSettings | undefined {
  return row?.value as unknown as ManagedSettings | undefined;
}

/** The secrets among them. Throws where they can't be opened. */
export function secretsOf(row: ManagedSettings | undefined, sealing: KeptDeps['sealing']): SettingValues {
  return row?.sealed === undefined
    ? {}
    : (JSON.parse(sealing.open(row.sealed, managedSecretsContext)) as SettingValues);
}

/** With the secrets and the files. */
export async function managedOf(row: ManagedSettings | undefined, { records, sealing }: KeptDeps): Promise<Managed> {
  const values = row?.values ?? {};
  const [logo, css] = await Promise.all(
    (['branding.logo', 'branding.css'] as const).map(async (name) => {
      const file = values[name];
      const found = file === undefined ? undefined : await records.settings.get(fileRowId(String(file)));

      return found?.value as unknown as KeptFile | undefined;
    }),
  );

  return {
    values: { ...values, ...secretsOf(row, sealing) },
    ...(logo && { logo: { type: logo.type as LogoType, bytes: Buffer.from(logo.data, 'base64') } }),
    ...(css && { css: css.data }),
  };
}

/** `data`: of a picture base64, else the text. */
export interface KeptFile {
  type: LogoType | 'text/css';
  data: string;
}

export interface SettingsWatch extends Disposable {
  /** Looks at once: on the node that has changed them they are in force when it answers. */
  look(): Promise<void>;
}

/**
 * Sees on every node that administrators have changed something. `changed` is told of each version once, one after the
 * other; where it fails the version is tried again with every look, and what was in force stays so.
 */
export function watchSettings(
  records: KeptDeps['records'],
  {
    version: first,
    every = 3_000,
    changed,
    failed,
  }: {
    version: number;
    /** Milliseconds between two looks: a change shows within 5 s. */
    every?: number | undefined;
    changed(row: ManagedSettings): Promise<void>;
    failed(error: unknown): void;
  },
): SettingsWatch {
  let version = first;
  let looking: Promise<void> | undefined;
  let told = '';

  async function once(): Promise<void> {
    const row = await keptRow(records);
    if (!row || row.version === version) return;

    await changed(row);
    version = row.version;
  }

  async function look(): Promise<void> {
    // A look that began before this one may have read what was there before.
    await looking?.catch(() => undefined);
    looking ??= once().finally(() => {
      looking = undefined;
    });

    await looking;
  }

  const timer = setInterval(() => {
    look().then(
      () => {
        told = '';
      },
      (error: unknown) => {
        // Once is enough for each.
        const what = String(error);
        if (what !== told) failed(error);
        told = what;
      },
    );
  }, every);

  timer.unref();

  return { look, [Symbol.dispose]: () => clearInterval(timer) };
}
