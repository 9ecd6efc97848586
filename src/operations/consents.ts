import type { Account } from '../domain/account.ts';
import { allowanceOf, sorted } from '../domain/allowance.ts';
import { claimsOfScope } from '../domain/claims.ts';
import type { Clock } from '../domain/clock.ts';
import { claimsAskedAlone, resourceItem, type Answer } from '../domain/consent-items.ts';
import { holding } from '../domain/device-grant.ts';
import { Conflict } from '../domain/errors.ts';
import { consentId, type Consent } from '../domain/grant.ts';
import type { Events } from '../events/writer.ts';
import { everyRow, type Records, type Write } from '../storage/records.ts';
import type { By } from './problems.ts';

/**
 * Consents: what a person allows an app, whichever browser it was in. Every grant of the pair follows at once: what was
 * narrowed is narrower at the next use of a token (DECISIONS 19). What a box looks like it must not know.
 */
export interface Consents {
  /** Records an answer. What was not on the page stays as it was decided before. */
  record(answer: Answer): Promise<Consent>;
  /** What an answer comes to, before it is known whether it counts; nothing is written. */
  prepare(answer: Answer): Promise<PreparedConsent>;
  /**
   * Takes back what these ids of items (`ConsentItem.id`) stand for, and the claims that go with a scope; nothing is ever
   * added. Answers the consent as it is then; undefined: there is none.
   */
  narrow(account: Account, of: { clientId: string; taken: readonly string[] }, by: By): Promise<Consent | undefined>;
}

export interface PreparedConsent {
  consent: Consent;
  /** Writes it. A consent that was there and was taken back in between stays so. */
  record(): Promise<void>;
  /** What was given by it has been ended meanwhile: where it was the first, and the app holds nothing else, it goes too. */
  leave(): Promise<void>;
}

export interface ConsentsDeps {
  records: Pick<Records, 'consents' | 'grants' | 'write'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
}

export function createConsents({ records, events, clock }: ConsentsDeps): Consents {
  const { consents, grants } = records;

  async function keep(answer: Answer): Promise<Consent> {
    const id = consentId(answer.accountId, answer.clientId);
    const change = (old: Consent) => answered(old, answer);

    const changed = await consents.update(id, change);
    if (changed !== undefined) return changed;

    const first = change(nothing(answer));

    try {
      await consents.create(first);
      return first;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;

      // Another tab was faster.
      return (await consents.update(id, change)) ?? first;
    }
  }

  /** Until they are as the consent is by then: two answers at once must not leave the grants to the slower one. */
  async function follow(consent: Consent): Promise<void> {
    const allowance = allowanceOf(consent);

    for await (const grant of everyRow((page) => grants.list('account', consent.accountId, page))) {
      if (grant.clientId !== consent.clientId) continue;

      await grants.update(grant.id, (old) => holding(old, allowance, clock.now()), grant);
    }

    const now = await consents.get(consent.id);
    if (now !== undefined && JSON.stringify(allowanceOf(now)) !== JSON.stringify(allowance)) await follow(now);
  }

  return {
    async record(answer) {
      const consent = await keep(answer);
      await follow(consent);

      return consent;
    },

    async prepare(answer) {
      const id = consentId(answer.accountId, answer.clientId);
      const seen = await consents.get(id);

      return {
        consent: answered(seen ?? nothing(answer), answer),

        async record() {
          const consent = seen ? await consents.update(id, (old) => answered(old, answer)) : await keep(answer);
          if (consent !== undefined) await follow(consent);
        },

        async leave() {
          if (seen) return;

          for await (const grant of everyRow((page) => grants.list('account', answer.accountId, page))) {
            if (grant.clientId === answer.clientId) return;
          }
          await consents.remove(id);
        },
      };
    },

    async narrow(account, { clientId, taken }, by) {
      const id = consentId(account.id, clientId);
      const seen = await consents.get(id);
      if (seen === undefined) return undefined;

      const ids = new Set(taken);
      const { scopes, claims, apiScopes } = takenFrom(seen, ids);

      if (scopes.length + claims.length + apiScopes.length > 0) {
        const told: Write[] = [];
        const facts = { ...by, account, clientId, details: { scopes, claims, resources: apiScopes } };
        await events.write('consent.narrowed', facts, (row) => told.push({ in: 'events', create: row }));

        const change = (old: Consent) => without(old, ids);

        await records.write([{ in: 'consents', update: id, change, seen, decides: true }, ...told]);
      }

      const now = await consents.get(id);
      if (now !== undefined) await follow(now);

      return now;
    },
  };
}

function nothing({ accountId, clientId, at }: Answer): Consent {
  return {
    id: consentId(accountId, clientId),
    accountId,
    clientId,
    scopes: [],
    claims: [],
    rejectedScopes: [],
    rejectedClaims: [],
    resources: {},
    grantedAt: at,
    lastUsedAt: at,
  };
}

function answered(old: Consent, { wanted, ticked, at }: Answer): Consent {
  const yes = new Set(ticked);

  const scopes = decide(old.scopes, old.rejectedScopes, wanted.scopes, (scope) => {
    return scope === 'openid' || yes.has(`scope:${scope}`);
  });
  const claims = decide(old.claims, old.rejectedClaims, claimsAskedAlone(wanted), (claim) => yes.has(`claim:${claim}`));

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

/** What of a consent the ids stand for. A scope takes its claims along, but for those that another one still carries. */
function takenFrom(consent: Consent, ids: ReadonlySet<string>) {
  const scopes = consent.scopes.filter((scope) => scope !== 'openid' && ids.has(`scope:${scope}`));
  const left = consent.scopes.filter((scope) => !scopes.includes(scope)).flatMap(claimsOfScope);
  const carried = scopes.flatMap(claimsOfScope).filter((claim) => !left.includes(claim));

  const claims = consent.claims.filter((claim) => ids.has(`claim:${claim}`) || carried.includes(claim));
  const apiScopes = Object.entries(consent.resources).flatMap(([indicator, names]) =>
    names.map((name) => resourceItem(indicator, name)).filter((id) => ids.has(id)),
  );

  return { scopes, claims, apiScopes };
}

function without(old: Consent, ids: ReadonlySet<string>): Consent {
  const { scopes, claims, apiScopes } = takenFrom(old, ids);
  if (scopes.length + claims.length + apiScopes.length === 0) return old;

  const isKept = (taken: string[]) => (name: string) => !taken.includes(name);
  const isTaken = (indicator: string) => (name: string) => apiScopes.includes(resourceItem(indicator, name));

  const resources = { ...old.resources };
  const rejectedResources = { ...old.rejectedResources };

  for (const [indicator, names] of Object.entries(old.resources)) {
    resources[indicator] = names.filter((name) => !isTaken(indicator)(name));
    rejectedResources[indicator] = sorted([
      ...(rejectedResources[indicator] ?? []),
      ...names.filter(isTaken(indicator)),
    ]);
  }

  return {
    ...old,
    scopes: old.scopes.filter(isKept(scopes)),
    rejectedScopes: sorted([...old.rejectedScopes, ...scopes]),
    claims: old.claims.filter(isKept(claims)),
    rejectedClaims: sorted([...old.rejectedClaims, ...claims]),
    resources,
    rejectedResources,
  };
}
