import Router from '@koa/router';
import type { Context, Middleware } from 'koa';

import { Forbidden, Invalid } from '../domain/errors.ts';
import type { Situation } from './answers.ts';
import { originOf } from './csrf.ts';
import { createEntrance, withQuery } from './entrance.ts';
import type { Asked, EntranceDeps, Visit } from './entrance.ts';
import { MethodRefused } from './failures.ts';
import type { Fields } from './forms.ts';
import { checkForm, readForm, withoutSecrets } from './forms.ts';
import { keepNotice } from './notices.ts';
import type { Action, MessageKey, Outcome, Page, ProblemText, Route, Say } from './route.ts';
import { show } from './route.ts';

/**
 * The one adapter between routes and HTTP: session, recent sign-in, CSRF, parsing, and the same page again when
 * something is wrong with it. It knows no feature; what a route does is the route's.
 */
export interface ServeDeps extends EntranceDeps {
  issuer: string;
}

export function serveRoutes(routes: readonly Route[], deps: ServeDeps): Middleware {
  const router = new Router();
  const pages = new Map(routes.flatMap((route) => (route.kind === 'page' ? [[route.path, route]] : [])));
  const served = createServed(pages, deps);

  for (const route of routes) {
    if (route.kind === 'page') router.get(route.path, (context) => served.page(context, route));
    else router.post(route.path, (context) => served.action(context, route));
  }

  for (const [path, methods] of methodsByPath(routes)) {
    router.all(path, () => {
      throw new MethodRefused(methods);
    });
  }

  return router.routes() as unknown as Middleware;
}

function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const methods = new Map<string, string[]>();

  for (const { path, kind } of routes) {
    methods.set(path, [...(methods.get(path) ?? []), ...(kind === 'page' ? ['GET', 'HEAD'] : ['POST'])]);
  }

  return methods;
}

function createServed(pages: ReadonlyMap<string, Page>, deps: ServeDeps) {
  const { answers, cookies, csrf, issuer } = deps;
  const entrance = createEntrance(pages, deps);

  return {
    page(context: Context, route: Page): Promise<void> {
      const visit = { context, route, typed: {}, isOurs: true, shownTo: '' };

      return entrance.pass(visit, async (ask) => {
        const draft = await entrance.findDraft(visit, ask);

        answers.write(context, await outcomeOf(route, ask), {
          ...situationOf(ask, context),
          ...(draft === 'others' && { notice: { tone: 'warn', key: 'notice.othersDraft' } }),
          ...(typeof draft === 'object' && {
            form: { values: draft, problems: {}, sent: true },
            notice: { tone: 'warn', key: 'notice.sendAgain' },
          }),
        });
      });
    },

    async action(context: Context, route: Action): Promise<void> {
      const origin = originOf(context.req, issuer);

      if (origin === 'foreign') throw new Forbidden('a form from another site');

      const { csrf: token, ...fields } = await readForm(context.req, route.files);
      const typed = withoutSecrets(fields);
      const shownTo = csrf.shownTo(token);
      // What another site may have filled in is not shown as if the person had.
      const visit = {
        context,
        route,
        typed: origin === 'ours' ? typed : {},
        isOurs: csrf.holds(context, token),
        shownTo,
      };

      return entrance.pass(visit, async (ask) => {
        // Whoever is signed in must have been shown it: `pass` has refused what was shown to another account.
        if (!visit.isOurs || (ask.account && shownTo === '')) return sendAgain(visit, ask);

        const outcome = await run(route, ask, fields, pages.has(route.path));

        if (outcome.kind !== 'wrong') return answers.write(context, outcome, accountOf(ask));

        const { status } = outcome;
        const problems = inOrder(outcome.problems, Object.keys(fields));

        return showAgain(visit, ask, { values: { ...typed, ...outcome.values }, problems, status });
      });
    },
  };

  /** The token does not fit this browser: its cookies were cleared, or the page is from long ago. Never a dead end. */
  async function sendAgain(visit: Visit, ask: Asked): Promise<void> {
    const { context, route, typed: values } = visit;

    if (pages.has(route.path)) {
      return showAgain(visit, ask, { values, problems: { form: 'problem.sendAgain' }, status: 403 });
    }

    keepNotice(cookies, context, { tone: 'warn', key: 'problem.sendAgain' });
    answers.write(context, { kind: 'to', path: entrance.above(context) });
  }

  /** The page at the same path, with what was typed and what is wrong with it. */
  async function showAgain({ context, route }: Visit, ask: Asked, state: State): Promise<void> {
    const page = pages.get(route.path);

    if (!page) throw new TypeError(`${route.path} has no page to show problems on`);

    const { status, values } = state;
    const problems = Object.entries(state.problems).map(([name, problem]) => [name, textOf(problem, ask.say)]);
    const form = { values, problems: Object.fromEntries(problems) as Fields, sent: true };
    const outcome = await outcomeOf(page, ask);

    if (outcome.kind === 'to') keepNotice(cookies, context, { tone: 'warn', key: noticeOf(state.problems) });

    // Where the step has ended the page says so itself, and what was typed has no place on it.
    const isOver = outcome.kind !== 'show' || (outcome.frame.status ?? 200) >= 400;
    const again = isOver ? outcome : { ...outcome, frame: { ...outcome.frame, status } };

    answers.write(context, again, { ...situationOf(ask, context), ...(!isOver && { form }) });
  }
}

/** What is said on another page than the form's: what is about the whole, or that it is over. */
function noticeOf({ form }: State['problems']): MessageKey {
  return typeof form === 'string' ? form : 'notice.notDone';
}

interface State {
  values: Fields;
  problems: Readonly<Record<string, ProblemText>>;
  status: number;
}

/** As the page has its fields, which is as they were sent; what belongs to none of them comes first. */
function inOrder<T>(problems: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  const place = ([name]: [string, T]): number => names.indexOf(name);

  return Object.fromEntries(Object.entries(problems).toSorted((a, b) => place(a) - place(b)));
}

function textOf(problem: ProblemText, say: Say): string {
  return typeof problem === 'string' ? say(problem) : say(problem.key, problem.values);
}

async function run(action: Action, ask: Asked, fields: Fields, hasPage: boolean): Promise<Outcome> {
  const checked = await checkForm(action.form, fields);

  // A button has no field to type in: no page of ours sends it otherwise.
  if (!checked.ok && !hasPage) throw new Invalid('a button that was sent with something else');
  if (!checked.ok) return { kind: 'wrong', problems: checked.problems, status: 422 };

  const wrong = (problems: Readonly<Record<string, ProblemText>>, status = 422, values: Fields = {}): Outcome => ({
    kind: 'wrong',
    problems,
    status,
    values,
  });

  return action.run(ask as never, checked.input as never, wrong as never);
}

async function outcomeOf(page: Page, ask: Asked): Promise<Outcome> {
  const data = await page.data(ask as never);

  return isOutcome(data) ? data : show(page.view, data);
}

const kinds = ['show', 'to', 'leave', 'wrong', 'document', 'data', 'download', 'answered'];

function isOutcome(data: object): data is Outcome {
  return 'kind' in data && kinds.includes(String(data.kind));
}

function accountOf(ask: Asked): Situation {
  return ask.account ? { account: ask.account } : {};
}

function situationOf(ask: Asked, context: Context): Situation {
  return { ...accountOf(ask), here: withQuery(context.path, ask.query) };
}
