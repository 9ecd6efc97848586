import { describe, test } from '@jest/globals';

import { found, needs, type Need } from './machine.ts';

/**
 * A `describe` for a suite that needs something from the machine. Without it the suite is skipped and says so in one
 * line; where CI=true it fails instead, so that a run can't look green with half of it left out.
 */
export function describeWith(need: Need | readonly Need[], name: string, suite: () => void): void {
  const missing = [need].flat().filter((one) => needs[one].find() === undefined);
  const [first] = missing;

  if (first === undefined) return describe(name, suite);

  if (process.env['CI'] === 'true') {
    return describe(name, () => {
      test.each(missing)('has %s', (one) => void found(one));
    });
  }

  process.stderr.write(`SKIPPED ${name}: no ${first}; ${needs[first].get}\n`);
  describe.skip(name, suite);
}
