import type { Account } from '../domain/account.ts';
import { allowanceOf, allowanceOfFirstParty, allowedBy, fieldsOf, type Allowance } from '../domain/allowance.ts';
import { clientFace } from '../domain/client-face.ts';
import type { Client } from '../domain/client.ts';
import { consentItems, resourceItemsOf } from '../domain/consent-items.ts';
import { shownUserCode, type DeviceAnswer, type DeviceCode } from '../domain/device-code.ts';
import { consentId, type Grant } from '../domain/grant.ts';
import { newId, newSecret, sha256 } from '../domain/ids.ts';
import type { Write } from '../storage/records.ts';
import type { Exchange } from '../web/route.ts';
import { userCodeHash } from './adapter/device-codes.ts';
import { followConsent } from './adapter/grants.ts';
import type { Inside } from './deps.ts';
import { isProvedEnough, maxAgeOf, needsTwoFactors, payloadOf, resourcesOf, scopeOf } from './device-terms.ts';
import type { DeviceEnded, DeviceRequests } from './interactions.ts';
import { markOf } from './resumption.ts';

const kind = 'device-step';

/** A code that was typed, and the browser that it was typed in. */
interface Step {
  id: string;
  code: string;
  browser: string;
}

interface Open {
  row: DeviceCode;
  client: Client;
  code: string;
}

/**
 * The person's side of the device flow (RFC 8628 section 3.3). Whoever typed a code may answer it, in the browser that it
 * was typed in and once: the first answer counts, and what it gives hangs on no session. A code that somebody else sent
 * can't lead past the page on which it is typed.
 */
export function createDeviceRequests(deps: Inside): DeviceRequests {
  const { records, units, clock, config, sealing, events } = deps;

  async function stepOf(exchange: Exchange, id: string): Promise<Step | undefined> {
    const key = sha256(id);
    const sealed = await units.within((unit) => unit.recall(kind, key));
    if (typeof sealed !== 'string') return undefined;

    const step = JSON.parse(sealing.open(sealed, `${kind}:${key}`)) as Step;

    return step.browser === markOf(deps, exchange) ? step : undefined;
  }

  async function open(exchange: Exchange, stepId: string): Promise<Open | undefined> {
    const step = await stepOf(exchange, stepId);
    const row = step && (await records.deviceCodes.get(step.id));
    const client = row && (await records.clients.get(row.clientId));

    return step && row && client && !client.disabled ? { row, client, code: step.code } : undefined;
  }

  function isOver({ answer, worksUntil }: DeviceCode): DeviceEnded | undefined {
    if (answer) return 'used';

    return clock.now() >= worksUntil ? 'expired' : undefined;
  }

  /**
   * Whether this answer is the first; `told` is written with it alone. The grant is there before: a device that asks in
   * between must find it.
   */
  async function answered(
    row: DeviceCode,
    answer: DeviceAnswer,
    { grant, told: also }: { grant?: Grant; told: readonly Write[] },
  ): Promise<boolean> {
    // From here on the grant knows the place, and goes with the account.
    const change = (old: DeviceCode) => (isOver(old) === undefined ? { ...old, answer, ip: '', userAgent: '' } : old);

    const made: Write[] = grant ? [{ in: 'grants', create: grant }] : [];

    const isFirst = await records.write([
      ...made,
      { in: 'deviceCodes', update: row.id, change, seen: row, decides: true },
      ...also,
    ]);
    if (grant && !isFirst) await records.grants.remove(grant.id);

    return isFirst;
  }

  /** Where it was answered from, with the device's own place: a stranger who has got in is known by the former. */
  async function told(
    event: 'device_code.allowed' | 'device_code.refused',
    row: DeviceCode,
    account: Account,
    given: { scopes: string[]; resources: string[] } = { scopes: [], resources: [] },
  ) {
    const { clientId, ip, userAgent } = row;
    const origin = units.current()?.origin;
    const from = origin && { ...origin, device: { ip, userAgent } };
    const facts = { actor: account.id, account, clientId, from };
    const writes: Write[] = [];
    const keep = (create: Extract<Write, { in: 'events'; create: unknown }>['create']) =>
      void writes.push({ in: 'events', create });

    if (event === 'device_code.refused') await events.write(event, facts, keep);
    else await events.write(event, { ...facts, details: given }, keep);

    return writes;
  }

  async function refuse({ row }: Open, account: Account): Promise<void> {
    const payload = { error: 'access_denied', errorDescription: 'the person denied the request' };

    const writes = await told('device_code.refused', row, account);

    await answered(row, { accountId: account.id, payload }, { told: writes });
  }

  return {
    async typed(exchange, code) {
      const row = await records.deviceCodes.find('userCode', userCodeHash(deps, code));
      const client = row && (await records.clients.get(row.clientId));
      if (!row || !client || client.disabled) return { ended: 'unknown' };

      const over = isOver(row);
      if (over) return { ended: over };

      const step = newSecret();
      const key = sha256(step);
      const kept: Step = { id: row.id, code, browser: markOf(deps, exchange) };
      const sealed = sealing.seal(JSON.stringify(kept), `${kind}:${key}`);
      await units.within(async (unit) => unit.put(kind, key, sealed, config.tokens.device_code));

      return { step };
    },

    async asked(exchange, step, account) {
      const found = await open(exchange, step);
      if (!found) return { ended: 'unknown' };

      const { row, client, code } = found;
      const face = clientFace(client);

      if (row.answer?.accountId === account.id) {
        const { grantId } = row.answer;
        if (grantId === undefined) return { answered: 'refused', client: face };

        const goesOn = (await records.grants.get(grantId)) !== undefined;

        return { answered: 'allowed', client: face, ...(goesOn && { grantId }) };
      }

      const over = isOver(row);
      if (over) return { ended: over };

      const maxAge = maxAgeOf(row);
      const { items } = consentItems({
        wanted: row.wanted,
        allowed: allowedBy(await records.consents.get(consentId(account.id, client.id))),
        account,
        resources: config.apis,
      });

      return {
        client: face,
        code: shownUserCode(code),
        ip: row.ip,
        userAgent: row.userAgent,
        askedAt: row.createdAt,
        items: face.firstParty ? items.map((item) => ({ ...item, required: true })) : items,
        needsTwoFactors: needsTwoFactors(client, row),
        ...(maxAge !== undefined && { maxAge }),
      };
    },

    async allow(exchange, step, { account, session, allowed: ticked }) {
      const found = await open(exchange, step);
      if (!found || isOver(found.row) || !isProvedEnough(found, session, clock.now())) return;

      const { row, client } = found;
      const { wanted } = row;
      const at = clock.now();
      const asked = { accountId: account.id, clientId: client.id, wanted, ticked, at };
      const isFirstParty = client.metadata.first_party === true;
      const prepared = isFirstParty ? undefined : await deps.consents.prepare(asked);
      const allowance = prepared ? allowanceOf(prepared.consent) : allowanceOfFirstParty(allowedBy(undefined), wanted);

      const scope = scopeOf(row, allowance);
      // Nothing of it was ticked: it is a no, and the device is told so.
      if (scope === '') return refuse(found, account);

      const grant = grantOf(found, { account, allowance, scope, at });
      const of = { accountId: account.id, grantId: grant.id };
      const answer = { ...of, payload: { ...payloadOf(found, { session, scope }), ...of } };
      const allowed = resourceItemsOf(allowance.resources);
      const resources = resourceItemsOf(wanted.resources).filter((id) => allowed.includes(id));
      const writes = await told('device_code.allowed', row, account, { scopes: scope.split(' '), resources });
      if (!(await answered(row, answer, { grant, told: writes }))) return;

      // Only the answer that counts is a consent: one that came too late leaves nothing that a later sign-in builds on.
      await prepared?.record();

      // Whoever took the consent back, or ended the session, took every grant along that was there.
      if (prepared) await followConsent(deps, grant.id, { ...grant.payload, accountId: account.id });
      if ((await records.sessions.get(session.uid)) === undefined) await records.grants.remove(grant.id);
      if ((await records.grants.get(grant.id)) === undefined) await prepared?.leave();
    },

    async refuse(exchange, step, account) {
      const found = await open(exchange, step);
      if (found && !isOver(found.row)) await refuse(found, account);
    },
  };

  function grantOf(
    { row, client }: Open,
    of: { account: Account; allowance: Allowance; scope: string; at: number },
  ): Grant {
    const { account, allowance, scope, at } = of;
    const refreshes =
      scope.split(' ').includes('offline_access') && (client.metadata.grant_types ?? []).includes('refresh_token');
    const lives = resourcesOf(row).flatMap(
      (asked) => config.apis.find(({ identifier }) => identifier === asked)?.access_token ?? [],
    );
    const tokenLasts = Math.ceil(Math.max(config.tokens.access_token, ...lives));
    const lasts = refreshes ? config.tokens.refresh_token_absolute : tokenLasts;

    return {
      id: newId(),
      accountId: account.id,
      clientId: client.id,
      device: { ip: row.ip, userAgent: row.userAgent, scope, refreshes, lasts, tokenLasts },
      payload: {
        kind: 'Grant',
        accountId: account.id,
        clientId: client.id,
        iat: Math.floor(at / 1000),
        exp: Math.ceil(row.worksUntil / 1000) + lasts,
        ...fieldsOf(allowance),
      },
      consumed: [],
      createdAt: at,
      lastUsedAt: at,
      // Until the device has come for it (adapter/device-codes.ts).
      expiresAt: row.worksUntil,
    };
  }
}
