import type { Clock } from '../domain/clock.ts';
import type { Events } from '../events/writer.ts';
import type { By } from './problems.ts';
import { admit, changeStanding, standingOf, type SettingsOnly } from './standing.ts';

/**
 * Maintenance: every node answers 503, and nothing but the operator's commands writes. Whoever is signed in stays so.
 */
export interface Maintenance {
  /** Since when, in milliseconds; undefined: it is off. */
  since(): Promise<number | undefined>;
  /** Whether it was this call that did. Throws MoveUnfinished or StoreMoved where there is nothing to turn. */
  turnOn(by: Pick<By, 'actor'>): Promise<boolean>;
  turnOff(by: Pick<By, 'actor'>): Promise<boolean>;
}

export interface MaintenanceDeps {
  records: SettingsOnly;
  events: Pick<Events, 'write'>;
  clock: Clock;
}

export function createMaintenance({ records, events, clock }: MaintenanceDeps): Maintenance {
  /** Whether it was another before. */
  async function turn(to: 'open' | 'maintenance'): Promise<boolean> {
    let turned = false;

    await changeStanding(records, clock, (old) => {
      admit(old);
      turned = old.state !== to;

      if (!turned) return old;

      return to === 'open' ? { state: to } : { state: to, since: clock.now() };
    });

    return turned;
  }

  return {
    async since() {
      const standing = await standingOf(records);

      return standing.state === 'maintenance' ? standing.since : undefined;
    },

    async turnOn({ actor }) {
      const turned = await turn('maintenance');
      if (turned) await events.write('maintenance.begun', { actor });

      return turned;
    },

    async turnOff({ actor }) {
      const turned = await turn('open');
      if (turned) await events.write('maintenance.ended', { actor });

      return turned;
    },
  };
}
