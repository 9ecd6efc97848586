import type { Problem } from './problems.ts';

/**
 * What has to be true of a thing in the very write that changes it. It is looked at there and not before: between a look
 * and a write there is room for somebody else.
 */
export type Condition<T> = (row: T) => 'changed' | Problem | undefined;

/** Options of what is only done where this holds; without it nothing is asked for. */
export interface Only<T> {
  only?: Condition<T> | undefined;
}

/** It did not hold, and nothing was written. `changed`: the row is not that which was read; a problem: it is out of reach. */
export class Unmet extends Error {
  readonly why: 'changed' | Problem;

  constructor(why: 'changed' | Problem) {
    super('what was asked for of the row does not hold');
    this.why = why;
  }
}

/** For the function of a change, which may throw. Throws Unmet. */
export function hold<T>(only: Condition<T> | undefined, row: T): void {
  const unmet = only?.(row);
  if (unmet !== undefined) throw new Unmet(unmet);
}
