import { resolveSettings, settings } from '../../src/config/schema.ts';
import type { KeyAt } from '../../src/domain/signing-key.ts';
import { createSigningKeys, type SigningKeys, type SigningKeysDeps } from '../../src/operations/signing-keys.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import type { Records } from '../../src/storage/records.ts';
import { createSealing, type Sealing } from '../../src/storage/sealing.ts';
import type { SettableClock } from '../support/clock.ts';
import { opened, recordsStore } from '../storage/stores.ts';

/** Signing keys on a store of their own, with a clock that stands still, and further nodes on the same store. */
export interface KeyRoom extends AsyncDisposable {
  keys: SigningKeys;
  records: Records;
  sealing: Sealing;
  clock: SettableClock;
  config: SigningKeysDeps['config'];
  /** `keys.created RS256` for each event that was written. */
  events: string[];
  anotherNode(given?: Parameters<typeof settings.parse>[0]): Promise<SigningKeys>;
  /** `RS256 current`, … as `list` has it. */
  states(): Promise<string[]>;
}

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
export const by = { actor: 'command-line' };

type Given = Parameters<typeof settings.parse>[0];

export async function openKeyRoom(given: Given = {}): Promise<KeyRoom> {
  const [backend] = recordsBackends;
  if (backend === undefined) throw new Error('no backend keeps records');

  const { port: records, clock, another, [Symbol.asyncDispose]: close } = await opened(recordsStore(backend));
  const sealing = createSealing({
    encryptionKeys: [{ id: 'k', key: Buffer.alloc(32, 7) }],
    hashKey: Buffer.alloc(32, 8),
  });
  const events: string[] = [];
  const writer: SigningKeysDeps['events'] = {
    async write(kind, { details }) {
      events.push(`${kind} ${(details as { alg: string }).alg}`);
    },
  };
  const on = (store: Records, config: SigningKeysDeps['config']) =>
    createSigningKeys({ config, records: store, sealing, clock, events: writer });
  const configOf = (values: Given) => resolveSettings(settings.parse(values));
  const config = configOf(given);
  const keys = on(records, config);

  return {
    keys,
    records,
    sealing,
    clock,
    config,
    events,
    anotherNode: async (values = given) => on(await another(), configOf(values)),
    states: async () => ((await keys.list()) ?? []).map(({ alg, state }) => `${alg} ${state}`),
    [Symbol.asyncDispose]: close,
  };
}

export async function listed(keys: SigningKeys, alg: string): Promise<KeyAt[]> {
  return ((await keys.list()) ?? []).filter((key) => key.alg === alg);
}
