import { newId } from '../../src/domain/ids.ts';
import { consentId } from '../../src/domain/grant.ts';
import type { Records } from '../../src/storage/records.ts';

/** What a person has going at a client: a session, a grant, a refresh family, a consent and a known device. */
export async function giveAccess(records: Records, { accountId, clientId }: { accountId: string; clientId: string }) {
  const expiresAt = Date.UTC(2100, 0, 1);
  const times = { createdAt: 1, lastUsedAt: 1, expiresAt };
  const sessionUid = newId();
  const grantId = newId();
  const ids = { accountId, clientId };

  await records.sessions.create({
    id: sessionUid,
    cookieHash: newId(),
    accountId,
    payload: {},
    userAgent: '',
    ip: '',
    amr: [],
    createdAt: 1,
    lastAccessedAt: 1,
    expiresAt,
  });
  await records.grants.create({ id: grantId, ...ids, sessionUid, payload: {}, consumed: [], ...times });
  await records.refreshFamilies.create({
    id: newId(),
    grantId,
    ...ids,
    sessionUid,
    current: '',
    previous: [],
    rotatedAt: 0,
    payload: {},
    ...times,
  });
  await records.consents.create({
    id: consentId(accountId, clientId),
    ...ids,
    scopes: [],
    claims: [],
    rejectedScopes: [],
    rejectedClaims: [],
    resources: {},
    grantedAt: 1,
    lastUsedAt: 1,
  });
  await records.knownDevices.create({ id: newId(), accountId, lastSeenAt: 1, expiresAt });
}
