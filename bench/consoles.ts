import { consentId, type Consent } from '../src/domain/grant.ts';
import { newId, newSecret, sha256 } from '../src/domain/ids.ts';
import type { Records, Write } from '../src/storage/records.ts';
import type { Services } from '../src/services.ts';
import { openBrowser } from './browser.ts';
import { openServicesOf, prepareGatehouse } from './gatehouse.ts';
import { caller, type Operation } from './load.ts';
import { serving, takeTurns } from './measure.ts';
import { need } from './relying-party.ts';
import { ms, type Group, type Row } from './rows.ts';
import type { Person, Target } from './target.ts';
import { unitsOn } from './units.ts';

/** The account console of people who have little and much in it. One caller: how long the server takes, not how many it serves. */
const sizes = [1, 100, 1000] as const;

/** What each page shows of everybody who has something. */
const pages = { devices: '/account/devices', applications: '/account/applications' } as const;

/** Milliseconds. */
const most = 50;

/** Names are what `--only` takes. */
export const consoleGroups: Readonly<Record<string, Group>> = {
  async console({ plan }) {
    await using prepared = await prepareGatehouse();
    await using target = await prepared.start();
    const people = target.people.slice(0, sizes.length);

    {
      await using services = await openServicesOf(prepared.config);
      await registerApps(services, Math.max(...sizes));
    }

    // A session, a grant and a refresh token as they really are; the rest are like them.
    for (const [at, person] of people.entries()) {
      await signInOnce(target, person);
      await using services = await openServicesOf(prepared.config);
      await multiply(services, person, sizes[at] ?? 1);
    }

    const rows: Row[] = [];
    for (const [at, person] of people.entries()) {
      for (const [name, path] of Object.entries(pages)) {
        const look = looking(target, person, path);
        const { ours } = await takeTurns(
          { ours: serving(target.server, look.operation, { ...plan, connections: 1 }) },
          plan,
        );

        rows.push({
          unit: `console(${sizes[at]}), ${name}, p95`,
          value: ours.p95,
          shown: ms(ours.p95),
          ours,
          beside: `${ms(ours.cpu)} CPU, ${(look.bytes() / 1024).toFixed(0)} kB`,
          must: { shown: `<= ${ms(most)}`, met: ours.p95 <= most },
        });
      }
    }

    return rows;
  },
};

async function registerApps({ clients }: Services, count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const metadata = { client_name: `App ${number}`, redirect_uris: [`https://app-${number}.example/callback`] };
    const made = await clients.create(metadata, { actor: 'command-line' }, { kind: 'web', id: appId(number) });
    if (!made.ok) throw new Error(JSON.stringify(made.problems));
  }
}

const appId = (number: number): string => `bench-app-${number}`;

/** With an app that goes on while the person is away. */
async function signInOnce(target: Target, person: Person): Promise<void> {
  const units = await unitsOn({ ...target, people: [person] });
  using on = caller(0);

  await units.refresh('ES256')(on);
}

async function multiply({ records, accounts }: Services, { email }: Person, size: number): Promise<void> {
  const account = await accounts.findByEmail(email);
  if (!account) throw new Error(`${email} has no account`);

  const { session, grant, family } = await firstOf(records, account.id);
  const writes: Write[] = [];

  for (let number = 1; number < size; number += 1) {
    const [clientId, sessionUid, grantId] = [appId(number), newId(), newId()];
    const whose = { clientId, sessionUid };

    writes.push(
      { in: 'sessions', create: { ...session, id: sessionUid, cookieHash: sha256(newSecret()) } },
      { in: 'consents', create: consentTo(clientId, account.id) },
      { in: 'grants', create: { ...grant, ...whose, id: grantId } },
      { in: 'refreshFamilies', create: { ...family, ...whose, id: newId(), grantId, current: sha256(newSecret()) } },
    );
  }

  await records.write(writes);
}

async function firstOf(records: Records, accountId: string) {
  const page = { limit: 1 };
  const [session, grant, family] = await Promise.all([
    records.sessions.list('account', accountId, page),
    records.grants.list('account', accountId, page),
    records.refreshFamilies.list('account', accountId, page),
  ]);

  return { session: only(session.rows), grant: only(grant.rows), family: only(family.rows) };
}

/** The units' own app belongs to the house, and asks nobody. */
function consentTo(clientId: string, accountId: string): Consent {
  return {
    id: consentId(accountId, clientId),
    accountId,
    clientId,
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: [],
    rejectedScopes: [],
    rejectedClaims: [],
    resources: {},
    grantedAt: Date.now(),
    lastUsedAt: Date.now(),
  };
}

function only<T>([row]: readonly T[]): T {
  if (row === undefined) throw new Error('the person has none');

  return row;
}

/** Opens the page in a session of its own, which is one more. */
function looking({ issuer }: Target, { email, password }: Person, path: string) {
  const browser = openBrowser();
  const nowhere = 'nowhere:';
  let signedIn = false;
  let bytes = 0;

  const operation: Operation = async (on) => {
    if (!signedIn) {
      const { page } = await browser.open(on, `${issuer}/account`, nowhere);
      if (!page) throw new Error('there is no page to sign in on');
      await browser.fill(on, page, { email, password }, nowhere);
      signedIn = true;
    }

    const { page } = await browser.open(on, issuer + path, nowhere);
    need(page?.status === 200 && page.url === issuer + path, path);
    bytes = Buffer.byteLength(page?.html ?? '');
  };

  return { operation, bytes: () => bytes };
}
