import type { Account } from '../domain/account.ts';
import type { AddedFactor } from '../domain/factors.ts';
import type { EventKind } from '../events/catalogue.ts';
import type { Changes } from '../events/personal.ts';
import type { Events, Facts } from '../events/writer.ts';
import type { Write } from '../storage/records.ts';
import type { By } from './problems.ts';

/** What happened to an account, as the record of events has it. */
export type Happening = { [K in EventKind]: { kind: K } & Pick<Facts<K>, 'details'> }[EventKind] & {
  /** What the person calls the thing it happened to: for the message alone, because events name nobody. */
  name?: string;
  /** What came by it: for the message alone as well, whose link takes back this and nothing else. */
  added?: AddedFactor;
  /** Whether the first recovery codes came with it. */
  withCodes?: true;
  /** The message about another happening of the same step tells of it. */
  toldElsewhere?: true;
};

/** Messages to the person about what happened, to be written in the same step. */
export type Tell = (what: Happening, facts: By & { account: Account }) => readonly Write[] | Promise<readonly Write[]>;

export interface HappeningsDeps {
  events: Pick<Events, 'write'>;
  /** Without it nobody is told, and the record of events alone says what happened. */
  tell?: Tell | undefined;
}

/**
 * The writes that tell of something: its event, and what is sent to the person. They belong in the list of the change
 * itself, behind the write that decides (S113): what did not happen is told by nobody, what did is never left untold.
 */
export async function tellingOf(
  { events, tell }: HappeningsDeps,
  of: By & { account: Account; what: Happening; changes?: Changes },
) {
  const { what, ...facts } = of;
  const writes: Write[] = [];

  // The pair of kind and details is one of the catalogue's, which the compiler can't follow through a union.
  await events.write(what.kind, { ...facts, details: what.details } as never, (row) =>
    writes.push({ in: 'events', create: row }),
  );

  return [...writes, ...((await tell?.(what, facts)) ?? [])];
}
