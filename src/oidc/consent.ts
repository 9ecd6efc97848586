import type { Grant, KoaContextWithOIDC } from 'oidc-provider';

import { allowanceIn, allowanceOf, allowanceOfFirstParty, covers } from '../domain/allowance.ts';
import type { Clock } from '../domain/clock.ts';
import type { Consent } from '../domain/grant.ts';
import { consentId } from '../domain/grant.ts';
import type { Units } from './request.ts';
import { reaching } from './unavailable.ts';
import { wantedBy, writeInto } from './wanted.ts';

export interface ConsentDeps {
  units: Units;
  clock: Clock;
}

/** How old `lastUsedAt` of a consent may grow before a sign-in renews it, in milliseconds. */
const usedWithin = 60 * 60 * 1000;

/**
 * The library's setting `loadExistingGrant`. A grant belongs to one session and one client and is made here alone: from
 * the person's consent, or for a first-party client from what it asks. It is stored only when nothing is left to ask;
 * until then it tells the policy what was decided already.
 */
export function createLoadExistingGrant({ units, clock }: ConsentDeps) {
  return async (ctx: KoaContextWithOIDC): Promise<Grant | undefined> => {
    const { account, client, session, provider } = ctx.oidc;
    if (account === undefined || client === undefined || session === undefined) return undefined;

    const firstParty = client['first_party'] === true;
    const id = consentId(account.accountId, client.clientId);
    const grantId = session.grantIdFor(client.clientId);

    const [consent, stored] = await Promise.all([
      firstParty ? undefined : reaching(units, (unit) => unit.get('consents', id)),
      grantId === undefined ? undefined : provider.Grant.find(grantId),
    ]);

    // Without a consent a third-party client holds nothing, whatever is left of its grant.
    if (!firstParty && consent === undefined) return undefined;

    const mine = stored?.accountId === account.accountId && stored.clientId === client.clientId ? stored : undefined;
    const grant = mine ?? new provider.Grant({ accountId: account.accountId, clientId: client.clientId });

    const wanted = wantedBy(ctx);
    const allowance = consent === undefined ? allowanceOfFirstParty(allowanceIn(grant), wanted) : allowanceOf(consent);

    const changed = writeInto(grant, allowance);
    if (!covers(allowance, wanted)) return grant;

    if (changed || mine === undefined) await grant.save();
    if (consent !== undefined) await touch(units, consent, clock.now());

    return grant;
  };
}

async function touch(units: Units, consent: Consent, now: number): Promise<void> {
  if (now - consent.lastUsedAt < usedWithin) return;

  const change = (old: Consent) => (old.lastUsedAt >= now ? old : { ...old, lastUsedAt: now });
  await units.within(async (unit) => unit.write({ in: 'consents', update: consent.id, change }));
}
