import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { handOut } from './kill-matrix/artifacts.ts';
import { events } from './kill-matrix/events.ts';
import { openStage, signedIn, type Scene, type Stage } from './kill-matrix/scene.ts';
import { readTable, type Outcome } from './kill-matrix/table.ts';
import { describeWith } from './support/need.ts';
import { eachStore, needsOf } from './support/storage.ts';

/**
 * S22, S27, S30, S31, S70, S73, S104: every cell of `kill-matrix.md`. What dies is refused the first time that it is
 * tried after the event was acknowledged, on the other node where there is one.
 */
const table = readTable();

for (const pair of eachStore) {
  describeWith(needsOf(pair), `what ends what, on ${pair}`, () => {
    let stage: Stage;

    beforeAll(async () => {
      stage = await openStage(pair);
    }, 60_000);

    afterAll(async () => {
      await stage[Symbol.asyncDispose]();
    });

    describe.each([...table])('%s', (event, expected) => {
      let found: ReadonlyMap<string, Outcome>;

      beforeAll(async () => {
        stage.turnTo('first');
        const scene = await stage.scene();
        const artifacts = await handOut(scene);
        const happens = events[event];
        if (!happens) throw new Error(`nothing happens at ${event}`);
        await happens(scene);

        stage.turnTo('last');
        const listed = expected.has('session cookie') ? await devicesOf(scene) : '';
        const outcomes = new Map<string, Outcome>();
        for (const [name, { works, listedAs }] of artifacts) {
          if (name === 'access token, signed') outcomes.set(name, (await works()) ? 'until exp' : 'dies');
          else if (!(await works())) outcomes.set(name, 'dies');
          else outcomes.set(name, listedAs?.test(listed) ? 'listed' : 'lives');
        }

        found = outcomes;
      }, 60_000);

      test.each([...expected])('%s: %s', (artifact, outcome) => {
        expect(found.get(artifact)).toBe(outcome);
      });
    });
  });
}

/** The words of the page Devices: on the laptop, or in a browser that signs in anew. */
async function devicesOf({ nodes, ana, laptop }: Scene): Promise<string> {
  const page = await laptop.open('/account/devices');
  if (page.title.includes('Devices')) return page.words;

  const account = await nodes.first.services.accounts.get(ana.id);
  if (account?.status !== 'active') return '';

  return (await (await signedIn(nodes.url, ana)).open('/account/devices')).words;
}
