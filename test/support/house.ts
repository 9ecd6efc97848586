import { newId, newSecret, newTimedId } from '../../src/domain/ids.ts';
import type { Records, Write } from '../../src/storage/records.ts';
import type { Sealing } from '../../src/storage/sealing.ts';

/** How an installation looks after years: people with sessions, consents and grants, written past every rule. */
const month = 30 * 24 * 3_600_000;
const batch = 1000;
const nobodys = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g';

export interface House {
  accounts: number;
  sealing: Pick<Sealing, 'seal'>;
  /** Milliseconds. */
  now: number;
  /** Of the one password of everybody; without it there is none that is right. */
  hash?: string;
  /** Only these of what they have. */
  only?: readonly Write['in'][];
}

/** So many accounts, each with one of everything: eight rows, or `only` some. Answers how many rows. */
export async function fillHouse(records: Records, house: House): Promise<number> {
  const { accounts, only } = house;
  let rows = 0;

  for (let first = 0; first < accounts; first += batch) {
    const numbers = Array.from({ length: Math.min(batch, accounts - first) }, (_, index) => first + index);
    const writes = numbers
      .flatMap((number) => belongings(number, house))
      .filter((one) => only?.includes(one.in) ?? true);

    await records.write(writes);
    rows += writes.length;
  }

  return rows;
}

export function emailOf(number: number): string {
  return `person${number}@example.com`;
}

function belongings(number: number, { sealing, now, hash = nobodys }: House): Write[] {
  const [id, sessionUid, grantId, clientId] = [newId(), newId(), newId(), `app-${number % 50}`];
  const email = emailOf(number);
  const until = { createdAt: now - month, lastUsedAt: now, expiresAt: now + month };
  const whose = { accountId: id, clientId, sessionUid };
  const scope = 'openid profile email offline_access';
  const payload = { accountId: id, clientId, kind: 'Grant', iat: now, exp: now, openid: { scope } };

  return [
    {
      in: 'accounts',
      create: {
        id,
        email,
        emailKey: email,
        emailVerified: true,
        displayName: 'Ana',
        firstName: 'Ana',
        lastName: `Lind ${number}`,
        task: '',
        locale: 'en',
        claims: {},
        roles: [],
        status: 'active',
        eventKey: sealing.seal(newSecret(), `event-key:${id}`),
        createdAt: now - month,
        updatedAt: now,
      },
    },
    {
      in: 'passwords',
      create: {
        id,
        accountId: id,
        hash,
        changedAt: now - month,
      },
    },
    {
      in: 'sessions',
      create: {
        id: sessionUid,
        cookieHash: newId(),
        accountId: id,
        payload: { accountId: id, loginTs: now / 1000, authorizations: { [clientId]: { sid: newId(), grantId } } },
        userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36',
        ip: '192.0.2.1',
        amr: ['pwd'],
        createdAt: now - month,
        lastAccessedAt: now,
        expiresAt: now + month,
      },
    },
    { in: 'knownDevices', create: { id: newId(), accountId: id, lastSeenAt: now, expiresAt: now + month } },
    {
      in: 'consents',
      create: {
        id: `${id} ${clientId}`,
        accountId: id,
        clientId,
        scopes: scope.split(' '),
        claims: [],
        rejectedScopes: [],
        rejectedClaims: [],
        resources: {},
        grantedAt: now - month,
        lastUsedAt: now,
      },
    },
    {
      in: 'grants',
      create: { id: grantId, ...whose, payload, consumed: [{ hash: newId(), at: now - month }], ...until },
    },
    {
      in: 'refreshFamilies',
      create: {
        id: newId(),
        grantId,
        ...whose,
        current: newId(),
        previous: [newId(), newId()],
        rotatedAt: now,
        payload: { ...payload, kind: 'RefreshToken' },
        ...until,
      },
    },
    {
      in: 'events',
      create: {
        id: newTimedId(now - month + number),
        kind: 'sign_in.succeeded',
        at: now - month + number,
        accountId: id,
        actor: id,
        details: { amr: ['pwd'], acr: '' },
        personal: `v1.@account.${newId()}${newId()}`,
      },
    },
  ];
}
