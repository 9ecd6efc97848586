import { errors, interactionPolicy as library } from 'oidc-provider';
import type { Interaction, KoaContextWithOIDC } from 'oidc-provider';

import { firstLocale } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { seconds } from '../domain/clock.ts';
import { acrTwoFactors, isAcr } from '../domain/acr.ts';
import { essentialAcr, needsTwoFactors, wishesTwoFactors } from './assurance.ts';
import { isImpersonable } from '../domain/client-face.ts';
import { hintedSubject, subjectHere } from './subject.ts';
import { wantedBy } from './wanted.ts';

const { Check, Prompt, base } = library;

/**
 * When a person has to take a step inside an authorization request (OpenID Connect Core 1.0 section 3.1.2.1): first the
 * choice of an account, then signing in, then consent. A step that was taken in this very request is never asked again.
 */
export function interactionPolicy(clock: Clock, { create }: { create: boolean }): library.Prompt[] {
  return [...(create ? [createAccount()] : []), selectAccount(), login(clock), consent()];
}

/**
 * OpenID Connect Prompt Create 1.0, where people may create accounts. It is a way to sign in and no step of its own: this
 * one only makes the value known, a check of `login` leads there.
 */
function createAccount(): library.Prompt {
  const prompt = new Prompt({ name: 'create', requestable: true });
  prompt.checks.clear();

  return prompt;
}

function selectAccount(): library.Prompt {
  const prompt = new Prompt(
    { name: 'select_account', requestable: true },
    new Check('account_choice', 'the account was not chosen', 'account_selection_required', ({ oidc }) => {
      const chosen = oidc.result?.login !== undefined || oidc.result?.['select_account'] !== undefined;

      // Without an account there is nothing to choose from: signing in is the choice.
      return oidc.prompts.has('select_account') && oidc.account !== undefined && !chosen;
    }),
  );

  prompt.checks.remove('select_account_prompt');
  return prompt;
}

function login(clock: Clock): library.Prompt {
  const prompt = base().get('login') as library.Prompt;

  for (const reason of ['no_session', 'max_age', 'id_token_hint', 'essential_acrs', 'essential_acr']) {
    prompt.checks.remove(reason);
  }

  const here = ({ oidc }: KoaContextWithOIDC) => oidc.result?.login !== undefined;

  // Also when the account of the session is gone or disabled (S30).
  prompt.checks.add(
    new Check('no_session', 'End-User authentication is required', 'login_required', ({ oidc }) => {
      return oidc.account === undefined;
    }),
  );

  prompt.checks.add(
    new Check('another_account', 'another account was asked for', 'login_required', (ctx) => {
      const choice = ctx.oidc.result?.['select_account'] as { another?: boolean } | undefined;
      return choice?.another === true && !here(ctx);
    }),
  );

  prompt.checks.add(
    new Check('create_prompt', 'an account was to be created', 'interaction_required', (ctx) => {
      return ctx.oidc.prompts.has('create') && !here(ctx);
    }),
  );

  prompt.checks.add(
    new Check('max_age', 'End-User authentication could not be obtained', 'login_required', (ctx) => {
      const maxAge = ctx.oidc.params?.['max_age'];
      if (maxAge === undefined || here(ctx)) return false;

      const signedInAt = ctx.oidc.session?.loginTs;
      return signedInAt === undefined || seconds(clock) - signedInAt > Number(maxAge);
    }),
  );

  prompt.checks.add(
    new Check(
      'id_token_hint',
      'id_token_hint and authenticated subject do not match',
      'login_required',
      async (ctx) => {
        const hinted = hintedSubject(ctx);
        return hinted !== undefined && hinted !== (await subjectHere(ctx));
      },
    ),
  );

  // Somebody else has signed in than the app means: to ask again would go round in circles.
  for (const reason of ['id_token_hint', 'claims_id_token_sub_value']) {
    refuseAfterLogin(prompt, reason);
  }

  prompt.checks.add(
    new Check('acr', 'the authentication that is asked for could not be obtained', 'login_required', (ctx) => {
      const essential = essentialAcr(ctx.oidc.params);
      if (essential === undefined || essential.includes(ctx.oidc.acr)) return false;

      if (here(ctx) || !essential.some((acr) => isAcr(acr))) {
        // OpenID Connect Core Unmet Authentication Requirements 1.0
        throw new errors.UnmetAuthenticationRequirements('none of the requested acr values can be reached');
      }

      return true;
    }),
  );

  // A wish (OpenID Connect Core 1.0 section 3.1.2.1): it is tried once, and not where nobody would see it.
  prompt.checks.add(
    new Check('acr_wished', 'a stronger authentication was asked for', 'login_required', (ctx) => {
      const { oidc } = ctx;
      if (here(ctx) || oidc.prompts.has('none') || oidc.acr === acrTwoFactors) return false;

      return wishesTwoFactors(oidc.params ?? {});
    }),
  );

  prompt.checks.add(
    new Check('second_factor', 'a second factor is needed', 'login_required', (ctx) => {
      if (!needsTwoFactors(ctx) || ctx.oidc.acr === acrTwoFactors) return false;

      // The pages don't end a sign-in before it has what it needs.
      if (here(ctx)) throw new errors.UnmetAuthenticationRequirements('a second factor is needed');

      return true;
    }),
  );

  return prompt;
}

function refuseAfterLogin(prompt: library.Prompt, reason: string): void {
  const check = prompt.checks.get(reason);
  if (check === undefined) throw new TypeError(`the library has no check called ${reason}`);

  const differs = check.check;

  check.check = async (ctx) => {
    if (!(await differs(ctx))) return false;
    if (ctx.oidc.result?.login !== undefined) throw new errors.LoginRequired(check.description);

    return true;
  };
}

function consent(): library.Prompt {
  const prompt = base().get('consent') as library.Prompt;

  // What is asked for is kept with the step, so that the page shows what the answer will be held against.
  prompt.details = (ctx) => ({ wanted: wantedBy(ctx) });

  for (const reason of ['consent_prompt', 'native_client_prompt', 'rar_prompt']) {
    prompt.checks.remove(reason);
  }

  prompt.checks.add(
    new Check('consent_prompt', 'consent prompt was not resolved', 'consent_required', ({ oidc }) => {
      return oidc.client?.['first_party'] !== true && oidc.promptPending('consent');
    }),
  );

  // RFC 8252 section 8.6: anybody can claim to be such a client, so its requests are never answered silently (S20). An
  // own one asks no consent, but where nobody would see it (`prompt=none`) any program here could help itself to a code.
  prompt.checks.add(
    new Check('impersonable', 'the client cannot be told from others', 'interaction_required', ({ oidc }) => {
      if (oidc.client === undefined) return false;
      if (oidc.client['first_party'] === true && !oidc.prompts.has('none')) return false;
      if (oidc.params?.['response_type'] === 'none' || oidc.result?.consent !== undefined) return false;

      return isImpersonable(oidc.client.clientAuthMethod, String(oidc.params?.['redirect_uri']));
    }),
  );

  return prompt;
}

const paths: Record<string, string> = { login: '/sign-in', consent: '/consent', select_account: '/choose-account' };

/** Reasons for which the person signed in here is not the one who should sign in. */
const meansAnother = ['another_account', 'id_token_hint', 'claims_id_token_sub_value'];

type Step = Pick<Interaction, 'uid' | 'params' | 'prompt' | 'session'>;

/**
 * Where a step is taken, in the language that the app asks for. The step's cookie is bound to the path, so that each tab
 * has its own.
 */
export function interactionPath({ uid, params, prompt, session }: Step): string {
  const another = session !== undefined && prompt.reasons.some((reason) => meansAnother.includes(reason));
  const { ui_locales: asked } = params;
  const locale = typeof asked === 'string' ? firstLocale(asked.split(' ')) : undefined;

  const query = new URLSearchParams({ ...(another && { as: 'another' }), ...(locale && { ui_locales: locale }) });

  return [`${paths[prompt.name] ?? '/sign-in'}/${uid}`, query.toString()].filter(Boolean).join('?');
}
