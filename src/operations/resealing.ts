import { setImmediate as breath } from 'node:timers/promises';

import type { Secrets } from '../config/secrets.ts';
import type { Clock } from '../domain/clock.ts';
import { encryptionKeySetting, resealingSetting, type Resealed } from '../domain/encryption-key.ts';
import type { Json } from '../domain/json.ts';
import { managedSecretsContext, sealedIn } from '../domain/managed-settings.ts';
import { sealedAs } from '../domain/signing-key.ts';
import type { Events } from '../events/writer.ts';
import { eventKeyContext } from '../events/personal.ts';
import {
  shapes,
  type Collection,
  type CollectionName,
  type Records,
  type Row,
  type Shape,
} from '../storage/records.ts';
import { sealedUnder, type Sealing } from '../storage/sealing.ts';
import { webhookSecretContext } from '../domain/webhook.ts';
import { totpContext } from './authenticators.ts';

/**
 * After the encryption key was changed: what is kept for good is sealed anew under the present one, and what ends by
 * itself is waited for, events among it, which nobody may change (DECISIONS 27). Once nothing rests under a former key,
 * it may leave the configuration.
 */
export interface Resealing {
  /**
   * Goes through everything once. Only while every node seals under the present key. Throws what storage does, ends early
   * when told to stop; safe to repeat.
   */
  run(stop: AbortSignal): Promise<void>;
  /** What the last time has found; undefined: there was none, or the key has changed since. */
  found(): Promise<(Resealed & { /** The keys without which nothing starts. */ needed: string[] }) | undefined>;
}

export interface ResealingDeps {
  records: Records;
  sealing: Pick<Sealing, 'seal' | 'open'>;
  secrets: Pick<Secrets, 'encryptionKeys'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
}

/** Seals a text anew, of which is said what it is (`Sealing.seal`). */
type Again = (sealed: string, context: string) => string;

type Change<Name extends CollectionName> = (row: Row<Name>, again: Again) => Row<Name>;

/** What is kept for good. The rest that is sealed ends by itself. */
const changes: { [Name in 'accounts' | 'factors' | 'settings' | 'signingKeys' | 'webhooks']: Change<Name> } = {
  accounts: (row, again) => ({ ...row, eventKey: again(row.eventKey, eventKeyContext(row.id)) }),

  factors: ({ pending, ...row }, again) => ({
    ...row,
    authenticators: row.authenticators.map((one) => ({
      ...one,
      sealed: again(one.sealed, totpContext(row.id, one.id)),
    })),
    ...(pending && { pending: { ...pending, sealed: again(pending.sealed, totpContext(row.id, pending.id)) } }),
  }),

  settings(row, again) {
    const sealed = sealedIn(row);

    return sealed === undefined
      ? row
      : { ...row, value: { ...(row.value as object), sealed: again(sealed, managedSecretsContext) } };
  },

  signingKeys: ({ sealed, ...row }, again) => ({
    ...row,
    ...(sealed !== undefined && { sealed: again(sealed, sealedAs(row.id)) }),
  }),

  webhooks: (row, again) => ({
    ...row,
    secrets: row.secrets.map((one) => ({ ...one, sealed: again(one.sealed, webhookSecretContext(row.id, one.id)) })),
  }),
};

const by = { actor: 'server' };
const page = 200;

/** Milliseconds for which something that was read before may still be written, or lie within something else that is sealed. */
const settling = 8 * 86_400_000;

type AnyRow = { id: string };
type AnyCollection = Collection<AnyRow, string, string>;

export function createResealing({ records, sealing, secrets, events, clock }: ResealingDeps): Resealing {
  const [present = '', ...former] = secrets.encryptionKeys.map(({ id }) => id);
  const again: Again = (sealed, context) =>
    sealedUnder(sealed) === present ? sealed : sealing.seal(sealing.open(sealed, context), context);

  async function* rowsOf(name: CollectionName, stop: AbortSignal): AsyncGenerator<AnyRow> {
    const collection = records[name] as unknown as AnyCollection;
    let after: string | undefined;

    do {
      // An embedded store answers without a turn of the event loop: others must come through.
      await breath();
      const { rows, next } = await collection.scan({ limit: page, ...(after !== undefined && { after }) });
      yield* rows;
      after = stop.aborted ? undefined : next;
    } while (after !== undefined);
  }

  /** The other keys that parts of it rest under. */
  function others(name: CollectionName, row: AnyRow): string[] {
    const { sealed } = shapes[name] as unknown as Shape<AnyRow>;
    const keys = (sealed?.(row) ?? []).flatMap((text) => (text === undefined ? [] : (sealedUnder(text) ?? [])));

    return keys.filter((key) => key !== present);
  }

  async function sealAnew(name: keyof typeof changes, stop: AbortSignal): Promise<number> {
    const collection = records[name] as unknown as AnyCollection;
    const change = changes[name] as unknown as (row: AnyRow, again: Again) => AnyRow;
    let count = 0;

    for await (const row of rowsOf(name, stop)) {
      if (others(name, row).length === 0) continue;

      await collection.update(row.id, (old) => (others(name, old).length === 0 ? old : change(old, again)));
      count += 1;
    }

    return count;
  }

  async function count(stop: AbortSignal): Promise<{ kept: number; left: Record<string, number> }> {
    const left: Record<string, number> = {};
    let kept = 0;

    for (const name of Object.keys(shapes) as CollectionName[]) {
      if ((shapes[name] as Shape<AnyRow>).sealed === undefined) continue;

      for await (const row of rowsOf(name, stop)) {
        for (const key of others(name, row)) {
          left[key] = (left[key] ?? 0) + 1;
          if (name in changes) kept += 1;
        }
      }
    }

    return { kept, left };
  }

  async function found(): ReturnType<Resealing['found']> {
    const [last, keys] = await Promise.all([
      records.settings.get(resealingSetting),
      records.settings.get(encryptionKeySetting),
    ]);
    const value = last?.value as unknown as Resealed | undefined;
    const needed = [keys?.value ?? []].flat().map(String);

    return value?.key === present ? { ...value, needed } : undefined;
  }

  /** Nothing needs it: from now on a start without it is none that lacks a key. */
  async function release(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      let released = false;
      await records.settings.update(encryptionKeySetting, (row) => {
        const names = [row.value].flat();
        released = names.includes(key);

        return released ? { ...row, value: names.filter((name) => name !== key), updatedAt: clock.now() } : row;
      });

      if (released) await events.write('keys.released', { ...by, details: { key } });
    }
  }

  return {
    found,

    async run(stop) {
      if (former.length === 0) return;

      const before = await found();
      let sealed = 0;
      for (const name of Object.keys(changes) as (keyof typeof changes)[]) sealed += await sealAnew(name, stop);

      const { kept, left } = await count(stop);
      // Half a look says nothing.
      if (stop.aborted) return;

      const now = clock.now();
      const doneAt = kept === 0 ? (before?.doneAt ?? now) : undefined;
      const value: Resealed = { key: present, ...(doneAt !== undefined && { doneAt }), lookedAt: now, left };
      await records.write([
        { in: 'settings', put: { id: resealingSetting, value: value as unknown as Json, updatedAt: now } },
      ]);

      if (sealed > 0) await events.write('keys.resealed', { ...by, details: { rows: sealed } });
      if (doneAt !== undefined && doneAt + settling <= now) await release(former.filter((key) => !left[key]));
    },
  };
}
