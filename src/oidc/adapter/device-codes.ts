import Provider, { errors } from 'oidc-provider';
import type { AdapterPayload, KoaContextWithOIDC } from 'oidc-provider';

import type { Clock } from '../../domain/clock.ts';
import type { DeviceCode } from '../../domain/device-code.ts';
import { lastsRedeemed } from '../../domain/device-grant.ts';
import { sha256 } from '../../domain/ids.ts';
import type { Ephemera } from '../../storage/ephemera.ts';
import type { Sealing } from '../../storage/sealing.ts';
import type { UnitOfWork } from '../request.ts';
import { checkTerms } from '../device-terms.ts';
import { wantedBy } from '../wanted.ts';
import type { Keeper } from './keeper.ts';
import { alive, atRest, awake, hashOf } from './keeper.ts';
import { narrowed } from './narrowing.ts';
import { redeem, replayed } from './redemption.ts';

/** Seconds between two questions of a device; each that comes sooner adds as many (RFC 8628 section 3.5). */
export const pollInterval = 5;

/** Seconds by which a question may overtake the one before it on its way here. */
const grace = 0.5;

/** 256 bits (settings.ts) in base64url. */
const codeLength = 43;

/** Milliseconds for which a code that is over is told from one that never was. */
const rememberedFor = 3_600_000;

export interface DeviceCodeDeps {
  clock: Clock;
  ephemera: Pick<Ephemera, 'get' | 'increment'>;
  sealing: Pick<Sealing, 'keyedHash'>;
}

/** The keyed hash by which a code that a person types is found. */
export function userCodeHash({ sealing }: Pick<DeviceCodeDeps, 'sealing'>, code: string): string {
  return sealing.keyedHash('user-code', code);
}

/**
 * What devices without a browser ask with until a person has answered (RFC 8628): records, because of the answer and
 * because of what is counted about guesses at them. The person's side is `device-requests.ts`.
 */
export function deviceCodes(deps: DeviceCodeDeps): Keeper {
  const { clock, ephemera } = deps;

  /**
   * What is counted is lost with the ephemera, and then it begins anew: a device that asks too often costs us a little and
   * learns nothing. Only those count that its own client asked.
   */
  async function holdBack({ id, worksUntil }: DeviceCode): Promise<void> {
    const now = clock.now();
    if (now >= worksUntil) return;

    const left = Math.ceil((worksUntil - now) / 1000);
    const before = Number((await ephemera.get('limit', `device-slow:${id}`)) ?? 0);
    const asked = (slow: number) =>
      ephemera.increment('limit', `device-poll:${id}:${slow}`, pollInterval * (slow + 1) - grace);

    if ((await asked(before)) <= 1) return;

    // The wait that it is told counts from now.
    await asked(await ephemera.increment('limit', `device-slow:${id}`, left));
    throw new errors.SlowDown('the device asks too often');
  }

  return {
    async find(unit, id) {
      const row = id.length === codeLength ? await unit.get('deviceCodes', sha256(id)) : undefined;
      if (row === undefined) return undefined;

      const { clientId, payload, answer } = row;
      const { accountId, grantId } = answer ?? {};
      // Whoever says no may be gone since; their no stays.
      const roots = grantId === undefined ? { clientId } : { clientId, grantId, accountId: accountId ?? '' };
      const living = await alive(unit, roots);
      // It is over by our clock; the library has its own.
      const over = clock.now() >= row.worksUntil && { exp: 0 };
      // Allowed in time and fetched too late, its grant went with it: the device begins anew (RFC 8628 section 3.5).
      if (!living) return over ? { ...awake(payload, id), ...over } : undefined;

      if (answer === undefined && asksItself(clientId)) await holdBack(row);

      const found = {
        ...awake(narrowed({ ...payload, ...answer?.payload }, living.grant), id),
        ...over,
      };
      const consumed = living.grant && replayed(unit, living.grant, { hash: row.id, now: clock.now() });

      return consumed === undefined ? found : { ...found, consumed };
    },

    async upsert(unit, id, { payload, ttl }) {
      const now = clock.now();
      const { userCode: _, ...rest } = atRest(payload);
      const wanted = wantedBy(Provider.ctx as KoaContextWithOIDC);

      if (wanted.scopes.length + Object.keys(wanted.resources).length === 0) {
        throw new errors.InvalidScope('nothing is asked for that anybody could allow', '');
      }

      checkTerms({ payload: rest });

      const row: DeviceCode = {
        id: hashOf(id),
        userCode: userCodeHash(deps, payload.userCode ?? ''),
        clientId: payload.clientId ?? '',
        wanted,
        payload: rest,
        ip: unit.origin?.ip ?? '',
        userAgent: unit.origin?.userAgent ?? '',
        createdAt: now,
        worksUntil: now + ttl * 1000,
        expiresAt: now + ttl * 1000 + rememberedFor,
      };

      unit.write({ in: 'deviceCodes', create: row });
    },

    async destroy(unit, id) {
      unit.write({ in: 'deviceCodes', remove: hashOf(id) });
    },

    async consume(unit, id) {
      const hash = hashOf(id);
      const grant = await grantOf(unit, hash);
      // A refusal is told as often as it is asked for.
      if (grant === 'refused') return;

      const at = clock.now();
      const lasts = grant ? lastsRedeemed(grant) * 1000 : 0;

      redeem(unit, grant, { hash, at, also: { expiresAt: at + lasts } });
    },
  };
}

async function grantOf(unit: UnitOfWork, hash: string) {
  const answer = (await unit.get('deviceCodes', hash))?.answer;
  if (answer && answer.grantId === undefined) return 'refused';

  return answer?.grantId === undefined ? undefined : unit.get('grants', answer.grantId);
}

function asksItself(clientId: AdapterPayload['clientId']): boolean {
  const { oidc } = Provider.ctx as KoaContextWithOIDC;

  return oidc.route === 'token' && oidc.client?.clientId === clientId;
}
