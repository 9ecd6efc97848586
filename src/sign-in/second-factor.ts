import { z } from 'zod';

import { waitInWords } from '../domain/duration.ts';
import type { Method } from '../domain/factors.ts';
import { digitsIn } from '../domain/typed-digits.ts';
import type { ClientFace } from '../domain/client-face.ts';
import type { Interaction } from '../oidc/interactions.ts';
import type { SecondFactorCode } from '../operations/prove-code.ts';
import { methodsFor } from '../operations/sign-in-path.ts';
import { action, page, show, to, view, type MessageKey, type Outcome, type Route } from '../web/route.ts';
import { bindingOf, type SignInDeps, type StepAsk } from './deps.ts';
import { at } from './open-step.ts';
import { proceed, type SoFar } from './proceed.ts';
import { wrongCode } from './typed-code.ts';

/** What can be asked for on this page: a code of some kind, or a passkey. */
export type Asked = SecondFactorCode | 'passkey';

export interface SecondFactorView {
  uid: string;
  client: ClientFace;
  email: string;
  method: Asked;
  /** Other ways, each a link to this page. */
  others: readonly Asked[];
  /** Masked; where the code of this method goes. */
  sentTo?: string;
  /** Whether a code was sent that can still be typed here. */
  waiting: boolean;
  /** Whether this browser can be remembered: not where the app wants both factors each time. */
  mayRemember: boolean;
  /** For the passkey script. */
  options?: string;
  /** In words, during a wait. */
  wait?: string;
  mayRefuse: boolean;
}

export const secondFactorView = view<SecondFactorView>('sign-in/second-factor', 'door', 'secondFactor.title');

const code = z.object({
  code: z.string().trim().min(1, 'secondFactor.codeMissing').max(100, 'problem.codeWrong'),
  remember: z.string().optional(),
});

const path = '/sign-in/:uid/second-factor';

/**
 * The second factor of a sign-in, after the password. The method stands in the address, so that the ways to prove it are
 * links; a code is sent by a button alone.
 */
export function secondFactorRoutes(deps: SignInDeps): Route[] {
  return [
    page(path, secondFactorView, (ask) => at(deps, ask, (step, soFar) => showSecondFactor(deps, ask, step, { soFar }))),

    action(path, code, (ask, input, wrong) =>
      at(deps, ask, async (step, soFar) => {
        const { method } = await methodsShown(deps, ask, step, soFar);
        if (method === 'passkey') return to(`/sign-in/${step.uid}/second-factor`);

        const judged = await deps.proveCode.secondFactor(soFar.account, {
          by: method,
          code: method === 'recovery-code' ? input.code : digitsIn(input.code),
          binding: bindingOf(step.uid),
          from: ask.visitor,
        });

        if (judged === 'locked') return wrong({ form: 'secondFactor.locked' }, 429);
        if (judged === 'ended') return wrong({ form: 'secondFactor.codeEnded' });
        if ('wait' in judged)
          return showSecondFactor(deps, ask, step, {
            soFar,
            wait: { seconds: judged.wait, key: 'secondFactor.wait' },
          });
        if ('wrong' in judged) {
          return wrong({ code: wrongCode(judged, wrongKeys[method]) });
        }

        if (input.remember !== undefined && step.factors === 'own') {
          const { deviceId: secret, ...from } = ask.visitor;
          await deps.remembering.remember(soFar.account, { provedAt: deps.clock.now(), secret, from });
        }

        return proceed(deps, ask, step, { ...soFar, proven: [...soFar.proven, method] });
      }),
    ),

    // The same page at the address of the button, where it stands after a limit.
    page('/sign-in/:uid/second-factor/send', secondFactorView, (ask) =>
      at(deps, ask, (step, soFar) => showSecondFactor(deps, ask, step, { soFar })),
    ),

    action('/sign-in/:uid/second-factor/send', z.object({}), (ask) =>
      at(deps, ask, async (step, soFar) => {
        const { method } = await methodsShown(deps, ask, step, soFar);
        const back = `/sign-in/${step.uid}/second-factor?method=${method}` as const;
        if (method !== 'email' && method !== 'text') return to(back);

        const { locale, ...from } = ask.visitor;
        const sent = await deps.signInCodes.send(soFar.account, { method, binding: bindingOf(step.uid), from, locale });

        if (sent === 'off') return to(back, 'secondFactor.cantSend');

        return 'wait' in sent
          ? showSecondFactor(deps, ask, step, { soFar, wait: { seconds: sent.wait, key: 'mailbox.wait' } })
          : to(back, 'secondFactor.sent');
      }),
    ),
  ];
}

/** An app alone has a next code; others are sent. */
const wrongKeys = {
  authenticator: 'problem.codeWrong',
  email: 'contact.codeWrong',
  text: 'contact.codeWrong',
  'recovery-code': 'secondFactor.recoveryWrong',
} as const satisfies Record<SecondFactorCode, MessageKey>;

/** Which method the page is for, and which others there are. */
async function methodsShown(deps: SignInDeps, { query }: StepAsk, step: Interaction, { account }: SoFar) {
  const asked = await deps.secondFactor.ask(account);
  const { recoveryCodesLeft, ...sentTo } = asked;
  const usable = methodsFor(step, asked).filter((method) => !isSent(method) || deps.signInCodes.can(method));
  const all: Asked[] = [...usable, ...(recoveryCodesLeft > 0 ? (['recovery-code'] as const) : [])];
  const method = all.find((one) => one === query['method']) ?? all[0] ?? 'recovery-code';

  return { method, others: all.filter((one) => one !== method), sentTo };
}

function isSent(method: Method): method is 'email' | 'text' {
  return method === 'email' || method === 'text';
}

export async function showSecondFactor(
  deps: SignInDeps,
  ask: StepAsk,
  step: Interaction,
  { soFar, wait }: { soFar: SoFar; wait?: { seconds: number; key: MessageKey } },
): Promise<Outcome> {
  const { account } = soFar;
  const { uid, client, mayRefuse, formAction } = step;
  const { method, others, sentTo } = await methodsShown(deps, ask, step, soFar);
  const binding = bindingOf(uid);
  const sent = method === 'email' || method === 'text' ? method : undefined;
  const to = sent && sentTo[sent];

  const waiting =
    sent !== undefined &&
    (await deps.oneTimeCodes.waiting({ purpose: `second-factor:${sent}`, accountId: account.id, binding })) !==
      undefined;

  const options = method === 'passkey' ? await deps.provePasskey.requestOptions({ account, binding }) : undefined;
  const inWords = wait && ask.say(wait.key, { time: waitInWords(wait.seconds, ask.visitor.locale) });

  return show(
    secondFactorView,
    {
      uid,
      client,
      email: account.email,
      method,
      others,
      waiting,
      mayRemember: step.factors === 'own',
      mayRefuse,
      ...(to !== undefined && { sentTo: to }),
      ...(options && { options: JSON.stringify(options) }),
      ...(inWords && { wait: inWords }),
    },
    { formAction, ...(wait && { status: 429, retryAfter: wait.seconds }) },
  );
}
