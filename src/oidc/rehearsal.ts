import type { ConsentAsked } from '../domain/consent-items.ts';
import type { Rehearsal, Rehearsed, RehearsedProof, RehearsedStep } from '../domain/rehearsal.ts';
import type { Exchange, Outcome } from '../web/route.ts';
import type { OidcDeps } from './deps.ts';
import type { Interaction } from './interactions.ts';
import { formPostView, type FormPostView } from './pages.ts';
import { createOidc } from './provider.ts';
import { answerOf, type Answered, type Shown, type Walker, type Within } from './rehearsed-answer.ts';
import { openBrowser, type Sent } from './rehearsed-browser.ts';
import { routes } from './settings.ts';

/**
 * Goes through an authorization request to its end, as a browser and then the app's own server would, over the stores in
 * `deps`, which are thrown away afterwards. It decides nothing: whatever is refused, asked and told comes from the code that
 * serves everybody, so that the one can't drift from the other.
 */
export interface RehearsalDeps extends Omit<OidcDeps, 'pages' | 'originOf' | 'browserOf' | 'onRefused'> {
  accountId: string;
}

/** More steps than any request can have. */
const mostSteps = 12;

export async function rehearse(deps: RehearsalDeps, rehearsal: Rehearsal): Promise<Rehearsed> {
  let back = 0;
  let shown: Shown = {};
  const clock = { now: () => deps.clock.now() - back * 1000 };

  await using oidc = await createOidc({
    ...deps,
    clock,
    pages: {
      async render(_exchange, outcome) {
        if (outcome.kind === 'show' && outcome.view.name === formPostView.name) {
          shown.formPost = outcome.data as FormPostView;
        }
      },
      async fail(_exchange, failure) {
        shown.failure = failure;
      },
    },
    originOf: () => ({ ip: '127.0.0.1', userAgent: '', requestId: 'rehearsal' }),
    browserOf: () => 'rehearsal',
    onRefused: (refusal) => {
      shown.refusal = refusal;
    },
  });

  const browser = openBrowser(deps.config.issuer);
  const within = { oidc, records: deps.records, rehearsal, accountId: deps.accountId, tokens: deps.config.tokens };

  async function ask(address: string, sent?: Sent): Promise<Answered> {
    const { pathname, search } = new URL(address, deps.config.issuer);
    const exchange = browser.open(pathname + search, sent);
    const context = oidc.provider().createContext(exchange.request, exchange.response);

    shown = {};
    await oidc.middleware(context, async () => undefined);
    exchange.done();

    const location = exchange.response.getHeader('location');

    return {
      status: context.status,
      body: context.body as unknown,
      ...(typeof location === 'string' && { location }),
    };
  }

  async function step(work: (exchange: Exchange) => Promise<Outcome>): Promise<string> {
    const exchange = browser.open('/');
    const outcome = await work(exchange);
    exchange.done();
    if (outcome.kind !== 'leave') throw new Error('a rehearsed step has no way on');

    return outcome.url;
  }

  const find = async <T>(work: (exchange: Exchange) => Promise<T>): Promise<T> => work(browser.open('/'));

  const walker: Walker = { ask, step, find, shown: () => shown };

  if (rehearsal.session) {
    back = rehearsal.session.ago ?? 0;
    const { session } = rehearsal;
    const leaving = await step(async () => oidc.interactions.consoleSignIn('/'));
    await walk({ ...within, rehearsal: { ...rehearsal, signIn: async () => session } }, walker, leaving);
    back = 0;
  }

  // Awaited here: the protocol goes when this is left.
  return await walk(within, walker, `${routes.authorization}?${rehearsal.request.toString()}`);
}

async function walk(within: Within, walker: Walker, begin: string): Promise<Rehearsed> {
  const { oidc, rehearsal, accountId } = within;
  const { interactions } = oidc;
  const steps: RehearsedStep[] = [];
  let consent: ConsentAsked | undefined;
  let next = begin;

  for (let taken = 0; taken < mostSteps; taken += 1) {
    const answered = await walker.ask(next);
    const uid = uidIn(answered.location);
    if (uid === undefined) {
      return { steps, ...(consent && { consent }), answer: await answerOf(within, walker, answered) };
    }

    const step = await walker.find((exchange) => interactions.find(exchange, uid));
    if ('ended' in step) throw new Error(`a rehearsed step is ${step.ended}`);

    steps.push(stepOf(step));

    if (step.prompt === 'login') {
      const proof = await rehearsal.signIn(stepOf(step));
      if (proof === undefined) return { steps, answer: { kind: 'stopped' } };

      const { account } = proof;
      if (account) await within.records.accounts.update(account.id, () => account);

      next = await walker.step((exchange) => interactions.signedIn(exchange, uid, { accountId, ...proved(proof) }));
    } else if (step.prompt === 'select_account') {
      next = await walker.step((exchange) => interactions.selected(exchange, uid, 'current'));
    } else {
      const asked = await walker.find((exchange) => interactions.consentAsked(exchange, uid));
      if ('ended' in asked) throw new Error(`a rehearsed step is ${asked.ended}`);

      consent = asked;
      const everything = asked.items.map(({ id }) => id);
      next = await walker.step((exchange) => interactions.consented(exchange, uid, everything));
    }
  }

  throw new Error('a rehearsed request does not come to an end');
}

function stepOf({ prompt, reasons, factors, fresh }: Interaction): RehearsedStep {
  return { prompt, reasons, factors, fresh };
}

function proved({ acr, amr }: RehearsedProof): { acr: string; amr: readonly string[] } {
  return { acr, amr };
}

function uidIn(location: string | undefined): string | undefined {
  return /^\/(?:sign-in|consent|choose-account)\/([\w-]+)/.exec(location ?? '')?.[1];
}
