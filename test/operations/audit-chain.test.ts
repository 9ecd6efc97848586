import { describe, expect, test } from '@jest/globals';

import { newTimedId } from '../../src/domain/ids.ts';
import { startAuditSealing } from '../../src/jobs/audit-sealing.ts';
import { createLeases } from '../../src/jobs/leases.ts';
import { createSeals } from '../../src/operations/audit-seals.ts';
import { createAuditVerify, readHead } from '../../src/operations/audit-verify.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { fifty, succeeded } from '../storage/rows.ts';
import { describeStore, recordsStore } from '../storage/stores.ts';
import { hour, minute, openAuditRoom, operatorsSealing, strangersSealing } from './audit-room.ts';

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => {
    const make = recordsStore(backend);

    describe(`S113: the chain of events on ${backend.kind}`, () => {
      test('closes what has settled, and says what is still open', async () => {
        await using room = await openAuditRoom(make);
        const rows = await room.past(7);
        await room.happened(9 * minute);
        await room.happened(0);

        expect(await room.sealAll()).toBe(3);

        const found = await room.verify();
        expect(found).toEqual({
          whole: true,
          segments: 3,
          events: 7,
          from: rows[0]?.at,
          until: rows[6]?.at,
          head: { number: 3, seal: expect.stringMatching(/^[\w-]{43}$/) },
          open: { events: 2, oldest: room.clock.now() - 9 * minute, late: false },
          faults: [],
        });

        // A minute later the older one has settled.
        room.clock.advance(2 * minute);
        expect(await room.sealAll()).toBe(1);
        expect(await room.verify()).toMatchObject({ whole: true, segments: 4, events: 8, open: { events: 1 } });
      });

      test('is one, however many nodes seal at once', async () => {
        await using room = await openAuditRoom(make);
        await room.past(30);
        const other = await room.anotherNode();

        const made = await fifty((number) => (number % 2 === 0 ? room.chain : other).seal());
        await room.sealAll();

        expect(succeeded(made)).toHaveLength(50);
        expect(await room.verify()).toMatchObject({ whole: true, segments: 10, events: 30, open: { events: 0 } });
      });

      test('shows what was done to events, and to which segment', async () => {
        await using room = await openAuditRoom(make);
        const rows = await room.past(12);
        await room.sealAll();
        const { events } = room.records;
        const id = (at: number) => rows[at]?.id ?? '';

        // An edit, a gap, an insertion; the fourth segment is as it was.
        await events.update(id(1), (row) => ({ ...row, actor: 'somebody-else' }));
        await events.remove(id(4));
        await room.happened(room.clock.now() - (rows[7]?.at ?? 0));
        expect(await room.faults()).toEqual(['changed 1', 'missing 2', 'inserted 3']);
        expect((await room.verify()).faults[1]).toEqual({
          kind: 'missing',
          segment: 2,
          from: rows[3]?.at,
          until: rows[5]?.at,
          sealed: 3,
          found: 2,
        });

        // Ciphertext counts, and one for one is an edit.
        await events.update(id(9), (row) => ({ ...row, personal: 'v1.@account.another' }));
        expect(await room.faults()).toEqual(['changed 1', 'missing 2', 'inserted 3', 'changed 4']);
      });

      test('shows what was done to the chain itself', async () => {
        await using room = await openAuditRoom(make);
        const rows = await room.past(12);
        await room.sealAll();
        const head = await room.head();
        const { auditSegments, events } = room.records;
        const [, second, third] = (await auditSegments.list('number', 'all')).rows;
        if (!second || !third) throw new Error('no segments');

        // With the events it covers the segment is made to fit, as far as that can be done without the key.
        await events.remove(rows[4]?.id ?? '');
        const stranger = createSeals(strangersSealing);
        const { id: _, key: _key, seal: _seal, ...open } = second;
        await auditSegments.update(second.id, (row) => ({
          ...stranger.segment({ ...open, count: 2, digest: 'fits' }),
          key: row.key,
        }));
        expect(await room.faults()).toEqual(['segment-changed 2']);

        await auditSegments.update(second.id, (row) => ({ ...row, key: 'another' }));
        expect(await room.faults()).toEqual(['another-key 2']);

        await auditSegments.remove(second.id);
        expect(await room.faults()).toEqual(['segment-missing 2']);
        await auditSegments.remove(third.id);
        expect(await room.faults(head)).toEqual(['segment-missing 2']);
      });

      test('that was cut off or begun anew is known by a head that was written down', async () => {
        await using room = await openAuditRoom(make);
        const rows = await room.past(9);
        await room.sealAll();
        const head = await room.head();
        expect(await room.verify(head)).toMatchObject({ whole: true, expected: 'found' });

        await room.records.auditSegments.remove('000000000003');
        for (const { id } of rows.slice(6)) await room.records.events.remove(id);
        expect(await room.verify()).toMatchObject({ whole: true });
        expect(await room.verify(head)).toMatchObject({ whole: false, expected: 'lost' });
        expect(await room.faults(head)).toEqual(['cut-off 3']);

        // Something else in its place, sealed by an unsuspecting server.
        await room.happened(hour);
        await room.sealAll();
        expect(await room.faults()).toEqual([]);
        expect(await room.faults(head)).toEqual(['replaced 3']);
        expect(await room.verify()).not.toHaveProperty('sealedLate');

        // Also with what was in it, changed: only that it comes late is seen without a head.
        await room.records.auditSegments.remove('000000000003');
        room.clock.advance(hour);
        await room.sealAll();
        expect(await room.verify()).toMatchObject({ whole: true, sealedLate: { segments: 1, first: 3 } });
        expect(readHead('3.short')).toBeUndefined();
      });

      test('of which only the newest part is looked at says from when on', async () => {
        await using room = await openAuditRoom(make);
        const rows = await room.past(12);
        await room.sealAll();
        await room.records.events.remove(rows[0]?.id ?? '');
        const { verify } = createAuditVerify({ ...room, sealing: operatorsSealing });

        expect(await verify({ most: 5 })).toMatchObject({ whole: true, segments: 2, events: 6, from: rows[6]?.at });
        expect(await verify({ most: 12 })).toMatchObject({ whole: false, segments: 4 });

        // Whoever asks for it over the network waits for another's; a command has a process of its own.
        const [first, second, whole] = await Promise.allSettled([verify({ most: 5 }), verify({ most: 5 }), verify()]);
        expect([first.status, second, whole.status]).toMatchObject([
          'fulfilled',
          { reason: { code: 'rate_limited' } },
          'fulfilled',
        ]);
        expect(await verify({ most: 5 })).toMatchObject({ whole: true });
      });

      test('shows an event that is there and that pages don’t read', async () => {
        await using room = await openAuditRoom(make);
        const rows = await room.past(6);
        await room.sealAll();
        const { records, clock } = room;
        const events = {
          ...records.events,
          list: async (...given: Parameters<typeof records.events.list>) => {
            const page = await records.events.list(...given);

            return { ...page, rows: page.rows.filter(({ id }) => id !== rows[4]?.id) };
          },
        };
        const { verify } = createAuditVerify({ records: { ...records, events }, clock, sealing: operatorsSealing });

        expect((await verify()).faults).toMatchObject([{ kind: 'hidden', segment: 2, sealed: 3, found: 2 }]);
      });

      test('is sealed by the job on whichever node has it, to the end, and each head is told', async () => {
        await using room = await openAuditRoom(make);
        await room.past(8);
        const heads: number[] = [];
        const { promise: done, resolve } = Promise.withResolvers<void>();
        const job = {
          leases: createLeases(room),
          lease: 60,
          every: 2_000_000_000,
          failed: (error: unknown) => {
            throw error;
          },
        };

        await using _sealing = startAuditSealing({
          ...job,
          auditChain: {
            async seal() {
              const segment = await room.chain.seal();
              if (!segment) resolve();

              return segment;
            },
          },
          told: ({ number }) => heads.push(number),
        });
        await done;

        expect(heads).toEqual([1, 2, 3]);
      });

      test('an hour behind, it is said; an event that claims another time is found out', async () => {
        await using room = await openAuditRoom(make);
        await room.past(2);
        room.clock.advance(hour);
        expect(await room.verify()).toMatchObject({ whole: true, segments: 0, open: { events: 2, late: true } });

        await room.happened(hour, { id: newTimedId(room.clock.now() + hour) });
        expect(await room.faults()).toEqual(['misdated']);
      });
    });
  });
}
