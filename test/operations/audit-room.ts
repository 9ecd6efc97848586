import { newTimedId } from '../../src/domain/ids.ts';
import type { SecurityEvent } from '../../src/domain/security-event.ts';
import { createAuditChain, type AuditChain } from '../../src/operations/audit-chain.ts';
import { createAuditVerify, printHead, readHead, type Verified } from '../../src/operations/audit-verify.ts';
import { createRetention, type Retention } from '../../src/operations/retention.ts';
import type { Records } from '../../src/storage/records.ts';
import { createSealing } from '../../src/storage/sealing.ts';
import { sample } from '../storage/rows.ts';
import { opened, type MakeStore } from '../storage/stores.ts';
import type { SettableClock } from '../support/clock.ts';

/** A record of events on a store of its own, a node that seals it, and further ones. */
export interface AuditRoom extends AsyncDisposable {
  records: Records;
  clock: SettableClock;
  chain: AuditChain;
  retention: Retention;
  /** One event so many milliseconds ago. */
  happened(ago: number, differently?: Partial<SecurityEvent>): Promise<SecurityEvent>;
  /** So many, a minute apart, the last of them an hour ago. */
  past(count: number): Promise<SecurityEvent[]>;
  /** As many segments as there are, of at most three events each. */
  sealAll(): Promise<number>;
  verify(head?: string): Promise<Verified>;
  /** `changed 2`, … */
  faults(head?: string): Promise<string[]>;
  head(): Promise<string>;
  anotherNode(): Promise<AuditChain>;
}

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Seconds. */
export const keptFor = 30 * 86_400;

export const operatorsSealing = sealingWith(8);

function sealingWith(hashKey: number) {
  return createSealing({
    encryptionKeys: [{ id: 'k', key: Buffer.alloc(32, 7) }],
    hashKey: Buffer.alloc(32, hashKey),
  });
}

/** What somebody has who has the database and not the key. */
export const strangersSealing = sealingWith(9);

export async function openAuditRoom(make: MakeStore<Records>): Promise<AuditRoom> {
  const { port: records, clock, another, [Symbol.asyncDispose]: close } = await opened(make);
  const sealing = operatorsSealing;
  const deps = { records, sealing, clock, most: 3 };
  const chain = createAuditChain(deps);
  const { verify } = createAuditVerify(deps);

  async function happened(ago: number, differently: Partial<SecurityEvent> = {}): Promise<SecurityEvent> {
    const at = clock.now() - ago;
    const row = sample('events', { id: newTimedId(at), at, personal: 'v1.@account.ciphertext', ...differently });
    await records.events.create(row);

    return row;
  }

  const verified = (head?: string) => verify({ expect: head === undefined ? undefined : readHead(head) });

  return {
    records,
    clock,
    chain,
    retention: createRetention({ ...deps, keptFor }),
    happened,
    async past(count) {
      const rows: SecurityEvent[] = [];
      for (let number = count; number > 0; number -= 1) rows.push(await happened(hour + number * minute));

      return rows;
    },
    async sealAll() {
      let count = 0;
      while (await chain.seal()) count += 1;

      return count;
    },
    verify: verified,
    faults: async (head) => (await verified(head)).faults.map(({ kind, segment = '' }) => `${kind} ${segment}`.trim()),
    async head() {
      const { head } = await verified();
      if (!head) throw new Error('nothing is sealed');

      return printHead(head);
    },
    anotherNode: async () => createAuditChain({ ...deps, records: await another() }),
    [Symbol.asyncDispose]: close,
  };
}
