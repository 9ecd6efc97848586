import type { Grant, KoaContextWithOIDC } from 'oidc-provider';

import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import type { Consent } from '../domain/grant.ts';
import { consentId } from '../domain/grant.ts';
import { everyRow, type Records } from '../storage/records.ts';
import type { Units } from './request.ts';
import { reaching } from './unavailable.ts';
import type { Allowance, ClaimsOfScope, Wanted } from './wanted.ts';
import {
  allowanceIn,
  allowanceOf,
  allowanceOfFirstParty,
  covers,
  fieldsOf,
  sorted,
  wantedBy,
  writeInto,
} from './wanted.ts';

export interface ConsentDeps {
  units: Units;
  clock: Clock;
  claimsOfScope: ClaimsOfScope;
}

/** How old `lastUsedAt` of a consent may grow before a sign-in renews it, in milliseconds. */
const usedWithin = 60 * 60 * 1000;

/**
 * The library's setting `loadExistingGrant`. A grant belongs to one session and one client and is made here alone: from
 * the person's consent, or for a first-party client from what it asks. It is stored only when nothing is left to ask;
 * until then it tells the policy what was decided already.
 */
export function createLoadExistingGrant({ units, clock, claimsOfScope }: ConsentDeps) {
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
    const allowance =
      consent === undefined ? allowanceOfFirstParty(allowanceIn(grant), wanted) : allowanceOf(consent, claimsOfScope);

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

/** The person's answer: what was asked on one page, and which boxes were ticked. */
export interface Answer {
  accountId: string;
  clientId: string;
  wanted: Wanted;
  claimsOfScope: ClaimsOfScope;
  /** Ids of items (`ConsentItem.id`). */
  ticked: readonly string[];
  /** Milliseconds. */
  at: number;
}

/**
 * Records an answer. What was not on the page stays as it was decided before. Every grant of the pair follows at once,
 * whichever browser it is in: what was narrowed is narrower at the next use of a token (DECISIONS 19).
 */
export async function recordConsent(records: Pick<Records, 'consents' | 'grants'>, answer: Answer): Promise<Consent> {
  const consent = await keepConsent(records, answer);
  const fields = fieldsOf(allowanceOf(consent, answer.claimsOfScope));

  for await (const grant of everyRow((page) => records.grants.list('account', answer.accountId, page))) {
    if (grant.clientId !== answer.clientId) continue;

    await records.grants.update(grant.id, (old) => ({ ...old, payload: { ...old.payload, ...fields } }));
  }

  return consent;
}

async function keepConsent(records: Pick<Records, 'consents'>, answer: Answer): Promise<Consent> {
  const id = consentId(answer.accountId, answer.clientId);
  const change = (old: Consent) => answered(old, answer);

  const changed = await records.consents.update(id, change);
  if (changed !== undefined) return changed;

  const first = change({
    id,
    accountId: answer.accountId,
    clientId: answer.clientId,
    scopes: [],
    claims: [],
    rejectedScopes: [],
    rejectedClaims: [],
    resources: {},
    grantedAt: answer.at,
    lastUsedAt: answer.at,
  });

  try {
    await records.consents.create(first);
    return first;
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;

    // Another tab was faster.
    return (await records.consents.update(id, change)) ?? first;
  }
}

function answered(old: Consent, { wanted, ticked, at, claimsOfScope }: Answer): Consent {
  const yes = new Set(ticked);
  const askedClaims = claimsAskedAlone(wanted, claimsOfScope);

  const scopes = decide(old.scopes, old.rejectedScopes, wanted.scopes, (scope) => {
    return scope === 'openid' || yes.has(`scope:${scope}`);
  });
  const claims = decide(old.claims, old.rejectedClaims, askedClaims, (claim) => yes.has(`claim:${claim}`));

  const resources = { ...old.resources };
  const rejectedResources = { ...old.rejectedResources };

  for (const [indicator, asked] of Object.entries(wanted.resources)) {
    const decided = decide(resources[indicator] ?? [], rejectedResources[indicator] ?? [], asked, (scope) => {
      return yes.has(resourceItem(indicator, scope));
    });

    resources[indicator] = decided.allowed;
    rejectedResources[indicator] = decided.refused;
  }

  return {
    ...old,
    scopes: scopes.allowed,
    rejectedScopes: scopes.refused,
    claims: claims.allowed,
    rejectedClaims: claims.refused,
    resources,
    rejectedResources,
    grantedAt: at,
    lastUsedAt: at,
  };
}

function decide(allowed: string[], refused: string[], asked: string[], isTicked: (name: string) => boolean) {
  const ticked = asked.filter(isTicked);
  const unticked = asked.filter((name) => !isTicked(name));

  return {
    allowed: sorted([...allowed.filter((name) => !unticked.includes(name)), ...ticked]),
    refused: sorted([...refused.filter((name) => !ticked.includes(name)), ...unticked]),
  };
}

export function resourceItem(indicator: string, scope: string): string {
  return `resource:${indicator} ${scope}`;
}

/** Claims that no asked scope carries: they get a box of their own. */
export function claimsAskedAlone(wanted: Wanted, claimsOfScope: ClaimsOfScope): string[] {
  const carried = new Set(wanted.scopes.flatMap(claimsOfScope));
  return wanted.claims.filter((claim) => !carried.has(claim));
}

/** What a consent allows by now, nothing when there is none. */
export function allowedBy(consent: Consent | undefined, claimsOfScope: ClaimsOfScope): Allowance {
  const nothing = { scopes: [], claims: [], resources: {} };

  return consent === undefined ? { ...nothing, refused: nothing } : allowanceOf(consent, claimsOfScope);
}
