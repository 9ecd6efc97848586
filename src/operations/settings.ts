import type { Managed, Overlaid, SettingFacts } from '../config/managed.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { sha256 } from '../domain/ids.ts';
import type { Json } from '../domain/json.ts';
import {
  fileRowId,
  fileSettings,
  isFileSetting,
  isSecretSetting,
  managedSecretsContext,
  managedSetting,
  settingNames,
  type ManagedSettings,
  type SettingChanges,
  type SettingName,
  type SettingValue,
  type SettingValues,
} from '../domain/managed-settings.ts';
import type { Events } from '../events/writer.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { kept, keptRow, managedOf, secretsOf, type KeptFile } from './kept-settings.ts';
import { problem, refused, type By, type Problem, type Result } from './problems.ts';
import { changesBetween } from './setting-changes.ts';
import { cssProblem, faultText, readLogo } from './setting-faults.ts';

/**
 * The settings that administrators change while it runs. What the configuration file or a variable says is fixed: it is
 * shown and can't be changed here. Nothing is kept that a start would refuse.
 */
export interface Settings {
  /** As they are now, wherever they were changed. */
  read(): Promise<SettingsReport>;
  /**
   * Sets those that are named; null gives one back to its default. All of them or none. `changed`: somebody else was
   * faster than the version that was seen.
   */
  update(changes: SettingChanges, by: By, seen: { version: number }): Promise<Result<SettingsReport> | 'changed'>;
  /** What is amiss here: `unfit`, what was set does not go with this node's configuration; `differ`, nodes fix different ones. */
  amiss(): Promise<('unfit' | 'differ')[]>;
  /** What it would be like, without keeping it. */
  tried(changes: SettingChanges): Promise<Result<NonNullable<Overlaid['config']>>>;
}

export interface SettingsReport {
  /** 0: nothing was ever changed. */
  version: number;
  /** Milliseconds, and who, as an event has it. */
  changed?: { at: number; by: string };
  settings: ReportedSetting[];
}

export interface ReportedSetting extends SettingFacts {
  /** In force on this node. Never a secret; of a logo its content's hash. */
  value?: SettingValue;
  source: 'fixed' | 'kept' | 'default';
  /** Of a secret: whether there is one. */
  isSet: boolean;
}

export interface SettingsDeps {
  records: Pick<Records, 'settings'>;
  sealing: Pick<Sealing, 'seal' | 'open'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
  /** Over the configuration as it was given. */
  managed: {
    facts(): SettingFacts[];
    overlay(what: Managed): Overlaid;
    /** As it is in force with what was set. */
    written(name: SettingName, config: NonNullable<Overlaid['config']>): SettingValue | undefined;
    /** Whether a secret is there. */
    has(name: SettingName, config: NonNullable<Overlaid['config']>): boolean;
  };
  /** Whether the nodes that run fix the same. */
  alike(): Promise<boolean>;
  /** Resolves when this node goes by them; on another it takes a moment. */
  applied(): Promise<void>;
}

interface Next {
  row: ManagedSettings;
  secrets: SettingValues;
  managed: Managed;
  config: NonNullable<Overlaid['config']>;
  files: { id: string; file: KeptFile }[];
}

export function createSettings(deps: SettingsDeps): Settings {
  const { records, sealing, events, clock, managed } = deps;

  async function report(): Promise<SettingsReport> {
    const row = await keptRow(records);
    const what = await managedOf(row, deps);
    // One that does not go with this node's file is not in force here, and can still be seen and taken back.
    const { config } = managed.overlay(what);

    return {
      version: row?.version ?? 0,
      ...(row && { changed: { at: row.changedAt, by: row.changedBy } }),
      settings: managed.facts().map((facts) => {
        const { name, fixed } = facts;
        const isKept = fixed === undefined && what.values[name] !== undefined;
        const value = config ? managed.written(name, config) : what.values[name];
        const shown = isSecretSetting(name)
          ? undefined
          : isKept && name === 'branding.logo'
            ? what.values[name]
            : value;

        return {
          ...facts,
          ...(shown !== undefined && { value: shown }),
          source: fixed !== undefined ? 'fixed' : isKept ? 'kept' : 'default',
          isSet: config ? managed.has(name, config) : what.values[name] !== undefined,
        };
      }),
    };
  }

  async function next(changes: SettingChanges, row: ManagedSettings | undefined): Promise<Result<Next>> {
    const facts = managed.facts();
    const version = (row?.version ?? 0) + 1;
    const problems: Problem[] = [];
    const before = await managedOf(row, deps);
    const values: SettingValues = { ...row?.values };
    const secrets: SettingValues = { ...secretsOf(row, sealing) };
    const what: Managed = { ...before };
    const files: Next['files'] = [];

    for (const name of settingNames) {
      const change = changes[name];
      if (change === undefined) continue;

      const fixed = facts.find((one) => one.name === name)?.fixed;
      if (fixed !== undefined) {
        problems.push(problem(name, 'problem.settingFixed', { where: fixed }));
        continue;
      }

      const into = isSecretSetting(name) ? secrets : values;
      delete into[name];
      if (name === 'branding.logo') delete what.logo;
      if (name === 'branding.css') delete what.css;
      if (change === null || change === '') continue;
      if (!isFileSetting(name)) {
        into[name] = change;
        continue;
      }

      const read = name === 'branding.logo' ? readLogo(String(change)) : cssProblem(String(change));
      if ('problem' in read) {
        problems.push(read.problem);
        continue;
      }

      const id = `${version}:${sha256(read.file.data)}`;
      values[name] = id;
      files.push({ id: fileRowId(id), file: read.file });
      if (name === 'branding.css') what.css = read.file.data;
      else if (read.file.type !== 'text/css') {
        what.logo = { type: read.file.type, bytes: Buffer.from(read.file.data, 'base64') };
      }
    }

    what.values = { ...values, ...secrets };
    const overlaid = managed.overlay(what);
    problems.push(...(overlaid.faults ?? []).map((fault) => faultText(fault, facts, changes)));
    if (problems.length > 0 || !overlaid.config) return refused(...problems);

    return {
      ok: true,
      value: {
        row: {
          version,
          values,
          ...(Object.keys(secrets).length > 0 && {
            sealed: sealing.seal(JSON.stringify(secrets), managedSecretsContext),
          }),
          changedAt: clock.now(),
          changedBy: '',
        },
        secrets,
        managed: what,
        config: overlaid.config,
        files,
      },
    };
  }

  return {
    read: report,

    async amiss() {
      const what = await managedOf(await keptRow(records), deps);
      const isUnfit = managed.overlay(what).faults !== undefined;

      return [...(isUnfit ? (['unfit'] as const) : []), ...((await deps.alike()) ? [] : (['differ'] as const))];
    },

    async tried(changes) {
      const done = await next(changes, await keptRow(records));

      return done.ok ? { ok: true, value: done.value.config } : done;
    },

    async update(changes, by, { version }) {
      const old = await keptRow(records);
      if ((old?.version ?? 0) !== version) return 'changed';

      const done = await next(changes, old);
      if (!done.ok) return done;

      const { row, secrets, files } = done.value;
      const differences = changesBetween(old, row, { before: secretsOf(old, sealing), after: secrets });
      if (Object.keys(differences).length === 0) return { ok: true, value: await report() };

      for (const { id, file } of files) await keepFile(id, file);
      if (!(await put({ ...row, changedBy: by.actor }, version))) {
        return 'changed';
      }

      await events.write('settings.changed', { ...by, details: { changes: differences } });
      await forget(old, row);
      await deps.applied();

      return { ok: true, value: await report() };
    },
  };

  /** Whoever is as fast as we are keeps the very same. */
  async function keepFile(id: string, file: KeptFile): Promise<void> {
    try {
      await records.settings.create({ id, value: file as unknown as Json, updatedAt: clock.now() });
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }

  /** Whether it was this one that followed the version. */
  async function put(row: ManagedSettings, version: number): Promise<boolean> {
    const whole = { id: managedSetting, value: row as unknown as Json, updatedAt: row.changedAt };

    if (version === 0) {
      try {
        await records.settings.create(whole);
        return true;
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        return false;
      }
    }

    let isOurs = false;
    await records.settings.update(managedSetting, (old) => {
      isOurs = kept(old)?.version === version;

      return isOurs ? whole : old;
    });

    return isOurs;
  }

  /** Files that no version names any more: their ids have the version in them, so none will again. */
  async function forget(old: ManagedSettings | undefined, row: ManagedSettings): Promise<void> {
    for (const name of fileSettings) {
      const file = old?.values[name];
      if (file !== undefined && file !== row.values[name]) await records.settings.remove(fileRowId(String(file)));
    }
  }
}
