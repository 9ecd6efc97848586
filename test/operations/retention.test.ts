import { describe, expect, test } from '@jest/globals';

import { createRetention } from '../../src/operations/retention.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import type { Records } from '../../src/storage/records.ts';
import { describeStore, recordsStore } from '../storage/stores.ts';
import { day, hour, keptFor, openAuditRoom, operatorsSealing, type AuditRoom } from './audit-room.ts';

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => {
    const make = recordsStore(backend);

    describe(`events on ${backend.kind} that are too old`, () => {
      /** Sealed, one a day, the last one of yesterday. */
      async function withDays(days: number): Promise<AuditRoom & { days(): Promise<number[]> }> {
        const room = await openAuditRoom(make);
        for (let ago = days; ago > 0; ago -= 1) await room.happened(ago * day);
        await room.sealAll();

        return Object.assign(room, {
          days: async () => {
            const { rows } = await room.records.events.list('time', 'all', { limit: 1000, descending: true });

            return rows.map(({ at }) => Math.round((room.clock.now() - at) / day));
          },
        });
      }

      test('go by whole segments, the oldest first, and leave a chain that holds', async () => {
        await using room = await withDays(38);
        const head = await room.head();
        const { sweep } = room.retention;

        // 38 to 36 days, 35 to 33: the third segment ends with the 30th.
        expect(await sweep(4)).toBe(4);
        expect(await room.faults()).toEqual([]);
        expect([await sweep(4), await sweep(4), await sweep(4)]).toEqual([4, 1, 0]);
        expect((await room.days()).at(-1)).toBe(29);
        expect(await room.records.events.count('account', 'account-1')).toBe(29);
        expect(await room.records.events.count('group', 'account-1 sign-ins')).toBe(29);
        expect(await room.records.auditSegments.count('number', 'all')).toBe(10);
        expect(await room.verify(head)).toMatchObject({
          whole: true,
          segments: 10,
          events: 29,
          removed: { number: 3 },
          expected: 'found',
        });

        // What was removed can't be compared any more, and the chain goes on.
        room.clock.advance(100 * day);
        await sweep(1000);
        expect(await room.days()).toEqual([]);
        await room.happened(hour);
        await room.sealAll();
        expect(await room.verify(head)).toMatchObject({ whole: true, segments: 1, expected: 'removed' });
      });

      test('stay while they are not sealed', async () => {
        await using room = await openAuditRoom(make);
        await room.happened(2 * keptFor * 1000);

        expect(await room.retention.sweep(100)).toBe(0);
        await room.sealAll();
        expect(await room.retention.sweep(100)).toBe(1);
        expect(await room.verify()).toMatchObject({ whole: true, removed: { number: 1 } });
      });

      test('are gone after a crash half-way too, once it goes on', async () => {
        await using room = await withDays(36);
        const rows = (await room.records.events.list('time', 'all', { limit: 6 })).rows;
        const broken = (async () => {
          throw new Error('dark');
        }) as Records['write'];
        let writes = 0;
        const { sweep } = createRetentionOn(room, {
          ...room.records,
          write: (given, how) => ((writes += 1) > 1 ? broken(given, how) : room.records.write(given, how)),
        });

        await expect(sweep(2)).rejects.toThrow('dark');
        expect(await room.faults()).toEqual([]);
        await room.retention.sweep(100);
        for (const { id } of rows) expect(await room.records.events.get(id)).toBeUndefined();
        expect(await room.faults()).toEqual([]);
      });

      test('that a stranger makes old before their time leave a trace that stays', async () => {
        await using room = await withDays(9);
        await room.records.auditSegments.update('000000000001', (row) => ({ ...row, until: 0 }));
        await room.retention.sweep(100);

        expect(await room.faults()).toEqual(['removal-unproved 1']);
        await room.records.settings.update('audit-anchor', (row) => ({
          ...row,
          value: { ...(row.value as object), unproved: 0 },
        }));
        expect(await room.faults()).toEqual(['segment-changed 1']);
        await room.records.settings.remove('audit-anchor');
        expect(await room.faults()).toEqual(['segment-missing 1']);
      });

      test('leave no way to have that trace removed by the next sweep', async () => {
        const spoil: Record<string, (room: AuditRoom) => Promise<unknown>> = {
          'an anchor that says it was proved': ({ records }) =>
            records.settings.update('audit-anchor', (row) => ({
              ...row,
              value: { ...(row.value as object), unproved: 0 },
            })),
          'an anchor that is far ahead': ({ records }) =>
            records.settings.update('audit-anchor', (row) => ({
              ...row,
              value: { ...(row.value as object), number: 99 },
            })),
          'no anchor': ({ records }) => records.settings.remove('audit-anchor'),
          'a segment that is not there': ({ records }) => records.auditSegments.remove('000000000002'),
        };

        for (const [name, how] of Object.entries(spoil)) {
          await using room = await withDays(9);
          await room.records.auditSegments.update('000000000001', (row) => ({ ...row, until: 0 }));
          await room.retention.sweep(100);
          expect([name, await room.faults()]).toEqual([name, ['removal-unproved 1']]);
          await how(room);
          // Until others are too old, and the server writes an anchor of its own again.
          room.clock.advance(keptFor * 1000 + day);
          await room.retention.sweep(100);

          expect([name, await room.faults()]).toEqual([name, [expect.stringMatching(/^removal-unproved \d/)]]);
        }
      });
    });
  });
}

function createRetentionOn(room: AuditRoom, records: Records) {
  return createRetention({ records, clock: room.clock, sealing: operatorsSealing, keptFor });
}
