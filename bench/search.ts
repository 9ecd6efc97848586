import { adminApiOf } from '../src/domain/admin-api.ts';
import { newId } from '../src/domain/ids.ts';
import type { Services } from '../src/services.ts';
import { writeCursor } from '../src/storage/cursor.ts';
import { emailOf } from '../test/support/house.ts';
import { openServicesOf, prepareGatehouse } from './gatehouse.ts';
import type { Operation } from './load.ts';
import { serving, takeTurns } from './measure.ts';
import { ms, type Group, type Row, type Stage } from './rows.ts';
import type { Target } from './target.ts';

/** Looking somebody up in administration, over the API, among few and among very many accounts. */
const few = 1000;
const onPage = 25;
const by = { actor: 'command-line' };

/** Names are what `--only` takes. */
export const searchGroups: Readonly<Record<string, Group>> = {
  async search({ plan, accounts }: Stage) {
    await using small = await openWith(few);
    await using large = await openWith(accounts);
    const rows: Row[] = [];

    for (const way of ['prefix', 'exact', 'page 1000'] as const) {
      const { ours, theirs } = await takeTurns(
        {
          ours: serving(large.target.server, large.looking(way), plan),
          theirs: serving(small.target.server, small.looking(way), plan),
        },
        plan,
      );
      const slower = ours.p95 / theirs.p95;

      rows.push({
        unit: `search, ${way}, ${accounts} accounts, p95`,
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

async function openWith(accounts: number) {
  const stack = new AsyncDisposableStack();
  const prepared = stack.use(await prepareGatehouse({ accounts }));
  const { key, place } = await furnish(await openServicesOf(prepared.config), accounts);
  const target = stack.use(await prepared.start());

  return {
    target,
    looking: (way: 'prefix' | 'exact' | 'page 1000') => looking(target, { key, place, accounts }, way),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** An administrator's key, and where the thousandth page begins, or the last one where there are fewer. */
async function furnish(opened: Services, accounts: number): Promise<{ key: string; place: string }> {
  await using services = opened;
  const email = 'root@bench.example';
  const made = await services.accounts.createAdministrator({ email, emailVerified: true }, by);
  if (!made.ok) throw new Error(JSON.stringify(made.problems));

  const { value: root } = made;
  const authenticators = [{ id: newId(), name: '', sealed: '', lastStep: 0, addedAt: Date.now() }];
  await services.records.factors.create({
    id: root.id,
    version: 1,
    authenticators,
    passkeys: [],
    changedAt: Date.now(),
  });

  const permissions = [{ audience: adminApiOf(services.config.issuer), scope: 'accounts:read' }];
  const key = await services.apiKeys.create(root, { name: 'Bench', permissions, once: newId() }, by);
  if (key === 'made' || !key.ok) throw new Error('no key');

  const before = Math.min(999 * onPage, accounts - onPage - 1);
  let after: string | undefined;
  for (let passed = 0; passed < before; passed += 1000) {
    const limit = Math.min(1000, before - passed);
    const { rows } = await services.records.accounts.list('email', 'all', {
      limit,
      ...(after !== undefined && { after }),
    });
    const last = rows.at(-1);
    if (last) after = writeCursor({ order: last.emailKey, id: last.id });
  }

  return { key: key.value.key, place: after ?? '' };
}

function looking(
  { issuer }: Pick<Target, 'issuer'>,
  { key, place, accounts }: { key: string; place: string; accounts: number },
  way: 'prefix' | 'exact' | 'page 1000',
): Operation {
  const headers = { authorization: `Bearer ${key}` };

  return async ({ send }) => {
    const email = emailOf(Math.floor(Math.random() * accounts));
    // Of each address one letter is left out, so that one to ten people have what is looked for.
    const [name = '', host = ''] = email.split('@');
    const query = {
      prefix: { by: 'email', begins: name.slice(0, -1) },
      exact: { address: `${name}@${host}` },
      'page 1000': { by: 'email', begins: common, after: place },
    }[way];
    const found = await send(`${issuer}/api/admin/v1/accounts?${new URLSearchParams(query).toString()}`, { headers });
    if (found.status !== 200 || !found.body.includes('"email"'))
      throw new Error(`${way}: ${found.status} ${found.body}`);
  };
}

/** How every address begins. */
const common = emailOf(0).slice(0, 3);
