import type { Account } from '../domain/account.ts';
import { provenBy, type Proven } from '../domain/acr.ts';
import type { Client } from '../domain/client.ts';
import type { Clock } from '../domain/clock.ts';
import type { Method } from '../domain/factors.ts';
import type { RehearsedProof, RehearsedStep } from '../domain/rehearsal.ts';
import type { Records } from '../storage/records.ts';
import type { EmailVerification } from './email-verification.ts';
import type { Remembering } from './remembering.ts';
import type { SecondFactor } from './second-factor.ts';
import type { SignInCodes } from './sign-in-codes.ts';
import { methodsFor, nextStep } from './sign-in-path.ts';

/** How somebody would sign in who has all at hand that they have, in a browser that was never seen before. */

/** Why a second factor is asked for: the rule of the client, the app's request, the role, or the person's own choice. */
export type FactorReason = 'client' | 'request' | 'role' | 'own';

export type SignInStep =
  | { step: 'sign-in'; ways: SignInWay[]; /** The protocol's. */ reasons: readonly string[] }
  | {
      step: 'second-factor';
      why: FactorReason;
      methods: (Method | 'recovery-code')[];
      /** In how many browsers, which are remembered, it would not be asked for. */
      remembered: number;
    }
  | { step: 'set-up'; why: FactorReason }
  /** `optional`: the person can put it off. */
  | { step: 'verify-email'; optional: boolean }
  /** The account was closed and can still be kept. */
  | { step: 'keep-account' };

export type SignInWay = 'password' | 'passkey';

export interface SignInPathDeps {
  records: Pick<Records, 'passwords'>;
  secondFactor: Pick<SecondFactor, 'ask'>;
  remembering: Pick<Remembering, 'list'>;
  emailVerification: Pick<EmailVerification, 'wanted'>;
  signInCodes: Pick<SignInCodes, 'can'>;
  clock: Clock;
}

/** More steps than any sign-in has. */
const mostSteps = 8;

/** As a person would who has all that is enrolled at hand. */
export async function goThrough(
  deps: SignInPathDeps,
  { account, client, step }: { account: Account; client: Client; step: RehearsedStep },
): Promise<{ steps: SignInStep[]; proof?: RehearsedProof }> {
  const [asked, password, remembered] = await Promise.all([
    deps.secondFactor.ask(account),
    deps.records.passwords.get(account.id),
    deps.remembering.list(account.id),
  ]);
  const ways: SignInWay[] = [
    ...(password ? (['password'] as const) : []),
    ...(asked.methods.includes('passkey') ? (['passkey'] as const) : []),
  ];
  const steps: SignInStep[] = [{ step: 'sign-in', ways, reasons: step.reasons }];
  if (ways.length === 0) return { steps };

  const why = reasonOf(step, client, asked.needsStrong);
  const usable = methodsFor(step, asked).filter((method) => !isSent(method) || deps.signInCodes.can(method));
  const methods = [...usable, ...(asked.recoveryCodesLeft > 0 ? (['recovery-code'] as const) : [])];
  let now = account;
  let proven: Proven[] = [password ? 'password' : 'device-passkey'];
  let isPutOff = false;

  for (let taken = 0; taken < mostSteps; taken += 1) {
    const next = await nextStep(
      {
        asked,
        emailVerification: deps.emailVerification,
        isRemembered: async () => false,
        now: deps.clock.now(),
      },
      step,
      { account: now, proven, ...(isPutOff && { verifiesLater: true }) },
    );

    switch (next) {
      case 'done': {
        const { acr, amr } = provenBy(proven);

        return { steps, proof: { acr, amr, ...(now !== account && { account: now }) } };
      }

      case 'second-factor': {
        const [method] = methods;
        const skips = step.factors === 'own' && !step.fresh && why === 'own' ? remembered.length : 0;
        steps.push({ step: 'second-factor', why, methods, remembered: skips });
        if (method === undefined) return { steps };

        proven = [...proven, method === 'passkey' ? 'device-passkey' : method];
        break;
      }

      case 'set-up':
        steps.push({ step: 'set-up', why });
        proven = ['password', 'authenticator'];
        break;

      case 'verify-email':
        isPutOff = deps.emailVerification.wanted(now) === 'offered';
        steps.push({ step: 'verify-email', optional: isPutOff });
        if (!isPutOff) now = { ...now, emailVerified: true };
        break;

      case 'closing':
        steps.push({ step: 'keep-account' });
        now = opened(now);
        break;

      default:
        return next satisfies never;
    }
  }

  throw new Error('a sign-in that is explained does not come to an end');
}

/** As it is once it opens by itself, or its owner has kept it. */
export function opened({ lock: _, leaving: __, closing: ___, ...account }: Account): Account {
  return { ...account, status: 'active' };
}

function reasonOf({ factors }: RehearsedStep, { metadata }: Client, needsStrong: boolean): FactorReason {
  if (metadata.require_second_factor === true) return 'client';
  if (factors !== 'own') return 'request';

  return needsStrong ? 'role' : 'own';
}

function isSent(method: Method): method is 'email' | 'text' {
  return method === 'email' || method === 'text';
}
