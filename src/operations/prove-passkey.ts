import type { PasskeyCeremonies, PasskeyRefusal, RequestOptions, UsedPasskey } from '../credentials/passkey.ts';
import { maySignIn, type Account } from '../domain/account.ts';
import type { Proven } from '../domain/acr.ts';
import type { Clock } from '../domain/clock.ts';
import type { Passkey } from '../domain/factors.ts';
import type { Events, Origin } from '../events/writer.ts';
import type { Records } from '../storage/records.ts';
import type { FactorChanges } from './factor-changes.ts';
import { tellingOf, type Happening, type HappeningsDeps } from './happenings.ts';

/**
 * Signing in with a passkey, with no address typed (the passkey says whose it is) or as somebody who is known already.
 * Whose account is locked hears that once they have proved that it is theirs (`shut`).
 */
export interface ProvePasskey {
  /** For `navigator.credentials.get`. `account`: only its passkeys will do. `binding` names the browser and attempt. */
  requestOptions(of: { account?: Account | undefined; binding: string }): Promise<RequestOptions>;
  /** `response`: the browser's answer as JSON text. `account`, where it is known: the passkey must be its own. */
  prove(given: GivenPasskey): Promise<ProvenPasskey | { refused: PasskeyReason } | { shut: Account }>;
}

export interface GivenPasskey {
  response: string;
  account?: Account | undefined;
  binding: string;
  clientId?: string | undefined;
  from: Origin;
}

export interface ProvenPasskey {
  account: Account;
  passkey: Passkey;
  /** For `provenBy`. */
  proven: Extract<Proven, 'device-passkey' | 'synced-passkey'>;
}

/** `counter`: its device has counted fewer uses than were seen, so there may be a copy of it: it is not accepted. */
export type PasskeyReason = PasskeyRefusal['refused'] | 'counter';

export interface ProvePasskeyDeps extends HappeningsDeps {
  records: Pick<Records, 'passkeys' | 'accounts' | 'write'>;
  changes: Pick<FactorChanges, 'of'>;
  ceremonies: Pick<PasskeyCeremonies, 'requestOptions' | 'readAsserted' | 'asserted'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
}

export function createProvePasskey(deps: ProvePasskeyDeps): ProvePasskey {
  const { records, changes, ceremonies, events, clock } = deps;

  const mayOpen = (owner: Account): boolean => maySignIn(owner, clock.now());

  /** The passkey that an answer names, with its owner, as far as both are there. */
  async function find(response: string): Promise<{ passkey: Passkey; owner: Account } | undefined> {
    const credentialId = ceremonies.readAsserted(response)?.credentialId;
    const passkey = credentialId === undefined ? undefined : await records.passkeys.get(credentialId);
    if (!passkey) return undefined;

    const [factors, owner] = await Promise.all([
      changes.of(passkey.accountId),
      records.accounts.get(passkey.accountId),
    ]);

    return owner && (mayOpen(owner) || owner.status === 'disabled') && factors.passkeys.includes(passkey.id)
      ? { passkey, owner }
      : undefined;
  }

  /**
   * Stores what the use tells, in one step with judging the counter (WebAuthn Level 3 section 7.2 step 22): one that
   * counts must count up. A regression is no proof of a copy, but refusing costs an honest person a new passkey, and
   * accepting would let the copy in.
   */
  async function use(
    passkey: Passkey,
    { counter, backedUp }: UsedPasskey,
  ): Promise<Passkey | { stored: number; name: string } | undefined> {
    let regressed: { stored: number } | undefined;

    const now = await records.passkeys.update(passkey.id, (old) => {
      const counts = counter > 0 || old.counter > 0;
      regressed = counts && counter <= old.counter ? { stored: old.counter } : undefined;

      return regressed ? old : { ...old, counter, backedUp, lastUsedAt: clock.now() };
    });

    return now && (regressed ? { ...regressed, name: now.name } : now);
  }

  return {
    async requestOptions({ account, binding }) {
      if (!account) return ceremonies.requestOptions({ binding });

      const [factors, { rows }] = await Promise.all([
        changes.of(account.id),
        records.passkeys.list('account', account.id, { limit: 1000 }),
      ]);

      return ceremonies.requestOptions({ passkeys: rows.filter(({ id }) => factors.passkeys.includes(id)), binding });
    },

    async prove({ response, account, binding, clientId, from }) {
      const found = await find(response);
      const facts = { actor: 'anonymous', account: found?.owner, clientId, from };

      const used = await ceremonies.asserted(response, {
        passkey: found?.passkey,
        accountId: account?.id,
        binding,
      });

      const now = found && !('refused' in used) ? await use(found.passkey, used) : undefined;

      if ('refused' in used || !found || !now) {
        // Without `now` it was removed in the meantime: what it proved a moment ago, it proves no more.
        const reason = 'refused' in used ? used.refused : 'unknown';
        await events.write('passkey.refused', { ...facts, details: { reason } });

        return { refused: reason };
      }

      if ('stored' in now) {
        const details = { stored: now.stored, counted: used.counter };
        const what: Happening = { kind: 'passkey.counter_regressed', details, name: now.name };
        await records.write(await tellingOf(deps, { ...facts, account: found.owner, what }));

        return { refused: 'counter' };
      }

      if (!mayOpen(found.owner)) {
        await events.write('passkey.refused', { ...facts, details: { reason: 'locked' } });

        return { shut: found.owner };
      }

      return {
        account: found.owner,
        passkey: now,
        proven: now.synced ? 'synced-passkey' : 'device-passkey',
      };
    },
  };
}
