import type { CollectionName, Row } from './records.ts';

/** What of each collection's rows is sealed (`Sealing.seal`): who keeps them elsewhere needs the keys that open it. */
const sealedIn: { [Name in CollectionName]?: (row: Row<Name>) => readonly (string | undefined)[] } = {
  accounts: (row) => [row.eventKey],
  events: (row) => [row.personal],
  factors: ({ authenticators, pending }) => [...authenticators.map(({ sealed }) => sealed), pending?.sealed],
  signingKeys: (row) => [row.sealed],
};

export function sealedValues(name: CollectionName, row: { id: string }): string[] {
  const values = sealedIn[name] as ((row: { id: string }) => readonly (string | undefined)[]) | undefined;

  return values?.(row).filter((value) => value !== undefined) ?? [];
}
