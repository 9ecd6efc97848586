import type { Interaction as LibraryInteraction, InteractionResults, Session } from 'oidc-provider';

import type { Account } from '../domain/account.ts';
import { allowedBy } from '../domain/allowance.ts';
import { clientFace, formActionFor } from '../domain/client-face.ts';
import { consoleClientId, type Client } from '../domain/client.ts';
import { seconds } from '../domain/clock.ts';
import { consentItems, resourceItemsOf } from '../domain/consent-items.ts';
import { consentId } from '../domain/grant.ts';
import type { Exchange, Outcome } from '../web/route.ts';
import { wantedFactors, wantsFreshFactors } from './assurance.ts';
import { createConsole } from './console.ts';
import { createDeviceRequests } from './device-requests.ts';
import { findDeparture, keepDeparture, queryOf } from './departure.ts';
import type { Inside } from './deps.ts';
import type { Ended, Interaction, Interactions } from './interactions.ts';
import { createProofs } from './proofs.ts';
import { markOf } from './resumption.ts';
import type { SignOut } from './sign-out.ts';
import { wantedIn } from './wanted.ts';

export interface StepDeps extends Inside {
  signOut: SignOut;
}

/** A step that this browser may take now. */
interface Open {
  exchange: Exchange;
  step: LibraryInteraction;
  session: Session;
  client: Client;
  account: Account | undefined;
}

const uidForm = /^[\w-]{20,64}$/;

/**
 * The steps of an authorization request over the library's interactions. Every one of them answers a way on, also when
 * there is no such step any more: two tabs, the back button, a cookie that is gone, another account meanwhile.
 */
export function createSteps(deps: StepDeps): Interactions {
  const { units, records, clock } = deps;

  async function open(exchange: Exchange, uid: string, { whoever = false } = {}): Promise<Open | Ended> {
    const provider = deps.provider();
    const step = uidForm.test(uid) ? await provider.Interaction.find(uid) : undefined;

    if (step === undefined) return ended(uid);

    const context = provider.createContext(exchange.request, exchange.response);

    // The cookie belongs to this step's path: another browser, or one that lost its cookies, has none.
    if (context.cookies.get(provider.cookieName('interaction'), { signed: true }) !== uid) {
      return ended(uid, 'elsewhere');
    }

    const [session, client] = await Promise.all([
      provider.Session.get(context),
      deps.clientOf(String(step.params['client_id'])),
    ]);
    if (client === undefined || client.disabled) return { ended: 'expired', restartable: false };

    const account = await accountOf(session);
    const active = account?.status === 'active' ? account : undefined;

    // Consent and choice are somebody's: meanwhile that person signed out, or another one signed in.
    if (!whoever && step.prompt.name !== 'login' && (active === undefined || step.session?.uid !== session.uid)) {
      return ended(uid, 'expired');
    }

    return { exchange, step, session, client, account: active };
  }

  async function accountOf({ accountId }: Session): Promise<Account | undefined> {
    return accountId === undefined ? undefined : units.within((unit) => unit.get('accounts', accountId));
  }

  async function ended(uid: string, why?: Ended['ended']): Promise<Ended> {
    const departure = uidForm.test(uid) ? await findDeparture(units, uid) : undefined;
    if (departure === undefined) return { ended: why ?? 'expired', restartable: false };

    const client = await deps.clientOf(departure.clientId);
    const restartable = client !== undefined && !client.disabled;
    const { redirect_uri: redirectUri } = departure.params;

    return {
      ended: why ?? (departure.finished ? 'finished' : 'expired'),
      restartable,
      ...(client === undefined ? {} : { client: clientFace(client, textOf(redirectUri)) }),
    };
  }

  /** Gives the library the result and leads back to it; this step is over. */
  async function finish(
    { exchange, step, session }: Open,
    result: InteractionResults,
    // What was proved was read after the request came in: whatever has changed since is newer than that.
    at: number = units.current()?.startedAt ?? clock.now(),
  ): Promise<Outcome> {
    // The library goes on only in the session in which the request began. A result for whoever is signed in here now
    // begins anew instead of ending in an error.
    if (step.session?.uid !== session.uid) delete step.session;

    step.result = { ...result, browser: markOf(deps, exchange), at };
    await Promise.all([step.persist(), keepDeparture(units, step, { finished: true })]);

    return { kind: 'leave', url: step.returnTo };
  }

  return {
    ...createConsole(deps),
    device: createDeviceRequests(deps),

    async find(exchange, uid) {
      const found = await open(exchange, uid);
      return 'ended' in found ? found : described(found);
    },

    async consentAsked(exchange, uid) {
      const found = await open(exchange, uid);
      if ('ended' in found) return found;

      const { step, client, account } = found;
      if (account === undefined || step.prompt.name !== 'consent') return ended(uid, 'finished');

      const consent = await records.consents.get(consentId(account.id, client.id));

      return consentItems({
        wanted: wantedIn(step.prompt.details),
        allowed: allowedBy(consent),
        account,
        resources: deps.config.apis,
      });
    },

    ...createProofs(deps, async (exchange, uid) => !('ended' in (await open(exchange, uid)))),

    async signedIn(exchange, uid, { accountId, amr, acr, at }) {
      const found = await open(exchange, uid);
      if ('ended' in found || found.step.prompt.name !== 'login') return again(uid);

      const { session, step } = found;

      // One session has one account: whoever was signed in here before is signed out, with what hung on the session.
      if (session.accountId !== undefined && session.accountId !== accountId) {
        await deps.signOut.end(exchange, session);
        delete step.session;
      }

      const login = { accountId, amr: [...amr], acr, ts: seconds(clock), remember: deps.config.session.remember };

      return finish(found, { ...step.lastSubmission, login }, at);
    },

    async consented(exchange, uid, allowed) {
      const found = await open(exchange, uid);
      if ('ended' in found) return again(uid, '/consent');

      const { step, client, account } = found;
      if (account === undefined || step.prompt.name !== 'consent') return again(uid);

      const consent = await deps.consents.record({
        accountId: account.id,
        clientId: client.id,
        wanted: wantedIn(step.prompt.details),
        ticked: allowed,
        at: clock.now(),
      });

      await deps.events.write('consent.given', {
        actor: account.id,
        account,
        clientId: client.id,
        from: deps.originOf(exchange.request),
        details: {
          scopes: consent.scopes,
          claims: consent.claims,
          resources: resourceItemsOf(consent.resources),
        },
      });

      // The grant is made from the consent when the request goes on (`createLoadExistingGrant`).
      return finish(found, { ...step.lastSubmission, consent: {} });
    },

    async selected(exchange, uid, choice) {
      const found = await open(exchange, uid);
      if ('ended' in found) return again(uid, '/choose-account');

      // What was proved and allowed so far was somebody else's.
      return finish(
        found,
        choice === 'another'
          ? { select_account: { another: true } }
          : { ...found.step.lastSubmission, select_account: {} },
      );
    },

    async refused(exchange, uid) {
      // "No" gives nothing away, whoever says it: the app is told in any case.
      const found = await open(exchange, uid, { whoever: true });
      if ('ended' in found || found.client.id === consoleClientId) return again(uid);

      if (found.step.prompt.name === 'consent') {
        const { account, client } = found;
        await deps.events.write('consent.refused', {
          actor: account?.id ?? 'anonymous',
          account,
          clientId: client.id,
          from: deps.originOf(exchange.request),
        });
      }

      return finish(found, { error: 'access_denied', error_description: 'the person denied the request' });
    },

    async restart(uid) {
      const departure = uidForm.test(uid) ? await findDeparture(units, uid) : undefined;
      if (departure === undefined) return undefined;

      return { kind: 'leave', url: `${deps.provider().urlFor('authorization')}?${queryOf(departure)}` };
    },

    async clientFace(id) {
      const client = await deps.clientOf(id);

      return client && clientFace(client);
    },

    signOut: (exchange) => deps.signOut.here(exchange),
  };
}

function described({ step, client, account }: Open): Interaction {
  const { login_hint: loginHint, redirect_uri: redirectUri } = step.params;
  const uri = textOf(redirectUri);
  const factors = wantedFactors(step, client);

  return {
    uid: step.uid,
    prompt: step.prompt.name as Interaction['prompt'],
    reasons: step.prompt.reasons,
    client: clientFace(client, uri),
    factors,
    fresh: wantsFreshFactors(step, factors),
    mayRefuse: client.id !== consoleClientId,
    formAction: formActionFor(uri),
    ...(typeof loginHint === 'string' ? { loginHint } : {}),
    ...(account === undefined ? {} : { account }),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The page of the step says what is the matter, and how to go on. */
function again(uid: string, path = '/sign-in'): Outcome {
  return { kind: 'to', path: `${path}/${encodeURIComponent(uid)}` };
}
