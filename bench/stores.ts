import { prepareGatehouse, type Wanted } from './gatehouse.ts';
import { serving, takeTurns } from './measure.ts';
import { ms, spent, type Group, type Row, type Stage } from './rows.ts';
import type { Units } from './units.ts';
import { unitsOn } from './units.ts';

/** The rows for which Gatehouse runs a second time in the same run: on other stores, and with more people. */
const few = 1000;

type Choose = (units: Units) => ReturnType<Units['sso']> | Promise<ReturnType<Units['sso']>>;

const everyday: Readonly<Record<string, Choose>> = {
  'cc ES256': (units) => units.cc('ES256'),
  'login RS256': (units) => units.login('RS256'),
  sso: (units) => units.sso(),
  'refresh ES256': (units) => units.refresh('ES256'),
  introspect: (units) => units.introspect(),
  userinfo: (units) => units.userinfo(),
};

/** Names are what `--only` takes. */
export const storeGroups: Readonly<Record<string, Group>> = {
  /** Beside the embedded database; how many trips to the stores one operation takes is asserted by the tests. */
  async mongo({ plan, gatehouse, units }) {
    await using company = await openOn({ pair: 'mongo+redis' });
    const rows: Row[] = [];

    for (const [unit, choose] of Object.entries(everyday)) {
      const { ours, embedded } = await takeTurns(
        {
          ours: serving(company.target.server, await choose(company.units), plan),
          embedded: serving(gatehouse.server, await choose(units), plan),
        },
        plan,
      );

      rows.push({
        ...spent(`${unit}, MongoDB and Redis`, ours),
        theirs: embedded,
        beside: `embedded ${ms(embedded.cpu)}, ${embedded.rate.toFixed(0)} ops/s`,
      });
    }

    return rows;
  },

  /** What a great number of accounts costs. */
  async flatness({ plan, accounts }: Stage) {
    await using small = await openOn({ accounts: few });
    await using large = await openOn({ accounts });
    const rows: Row[] = [];

    for (const unit of ['login RS256', 'sso']) {
      const choose = everyday[unit];
      if (!choose) continue;

      const { ours, theirs } = await takeTurns(
        {
          ours: serving(large.target.server, await choose(large.units), plan),
          theirs: serving(small.target.server, await choose(small.units), plan),
        },
        plan,
      );
      const slower = ours.p95 / theirs.p95;

      rows.push({
        unit: `${unit}, ${accounts} accounts, p95`,
        value: slower,
        shown: `${slower.toFixed(2)} x that of ${few} accounts`,
        ours,
        theirs,
        beside: `${ms(ours.cpu)}; ${few} accounts ${ms(theirs.cpu)}, p95 ${ms(theirs.p95)}`,
        must: { shown: '<= 1.5 x', met: slower <= 1.5 },
      });
    }

    return rows;
  },
};

async function openOn(wanted: Wanted) {
  const stack = new AsyncDisposableStack();
  const prepared = stack.use(await prepareGatehouse(wanted));
  const target = stack.use(await prepared.start());

  return { target, units: await unitsOn(target), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
