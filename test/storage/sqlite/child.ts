import { systemClock } from '../../../src/domain/clock.ts';
import { createLeases } from '../../../src/jobs/leases.ts';
import { startSweeping } from '../../../src/jobs/sweeping.ts';
import { openSqliteRecords } from '../../../src/storage/sqlite/records.ts';
import { sample } from '../rows.ts';

/** Another process on a data folder, for the tests: `node child.ts <work> <folder>`. It says what it did line by line. */
const [work, data = ''] = process.argv.slice(2);
const farAway = Date.UTC(2100, 0, 1);

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const works: Record<string, () => Promise<void>> = {
  /** Is the server until it is killed. */
  serve: async () => {
    const records = openSqliteRecords({ clock: systemClock, data, server: true });
    say('serving');
    // Held on to: what nobody holds may be collected, and the lock with it.
    setInterval(() => void records, 1000);
  },

  open: async () => {
    await using records = openSqliteRecords({ clock: systemClock, data, server: false });
    await records.ready();
    say('opened');
  },

  /** Writes until it is killed, a single row and a batch in turn, and says each number once it is acknowledged. */
  write: async () => {
    const records = openSqliteRecords({ clock: systemClock, data, server: true });

    for (let number = 0; ; number += 1) {
      await records.used.create(sample('used', { id: `single-${number}`, expiresAt: farAway }));
      await records.write([
        { in: 'used', create: sample('used', { id: `first-${number}`, expiresAt: farAway }) },
        { in: 'settings', put: sample('settings', { id: `second-${number}` }) },
      ]);
      say(`${number}`);
    }
  },

  /** Sweeps until it is killed, and says so each time. */
  sweep: async () => {
    const records = openSqliteRecords({ clock: systemClock, data, server: false });
    const store = {
      sweep: async (limit: number) => {
        const swept = await records.sweep(limit);
        say('swept');

        return swept;
      },
    };
    const failed = (error: unknown): void => {
      throw error;
    };

    startSweeping({
      stores: [store],
      leases: createLeases({ records, clock: systemClock }),
      lease: 60,
      every: 20,
      batch: 10,
      failed,
    });
    setInterval(() => undefined, 1000);
  },

  /** Adds 200 to one counter, one by one. */
  count: async () => {
    await using records = openSqliteRecords({ clock: systemClock, data, server: false });
    say('counting');

    for (let times = 0; times < 200; times += 1) {
      await records.attempts.update('attempts-1', (old) => ({ ...old, failures: old.failures + 1 }));
    }
  },
};

await works[work ?? '']?.();
