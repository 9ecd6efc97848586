import { z } from 'zod';

import type { DeviceCodeGuessing } from '../credentials/device-code-guessing.ts';
import type { Account } from '../domain/account.ts';
import { acrTwoFactors, strengthOf } from '../domain/acr.ts';
import type { ClientFace } from '../domain/client-face.ts';
import type { Clock } from '../domain/clock.ts';
import type { ConsentItem } from '../domain/consent-items.ts';
import { itemInWords, type ItemInWords } from '../domain/consent-words.ts';
import { readUserCode, shownUserCode } from '../domain/device-code.ts';
import { waitInWords } from '../domain/duration.ts';
import type { Events } from '../events/writer.ts';
import { deviceInWords, deviceOf } from '../messages/device.ts';
import type { DeviceAnswered, DeviceAsked, DeviceEnded, Interactions } from '../oidc/interactions.ts';
import type { SecondFactor } from '../operations/second-factor.ts';
import {
  action,
  backTo,
  page,
  show,
  to,
  view,
  type Ask,
  type Outcome,
  type Route,
  type SignedIn,
} from '../web/route.ts';

export interface DeviceDeps {
  interactions: Pick<Interactions, 'device' | 'current' | 'consoleSignIn'>;
  deviceCodeGuessing: DeviceCodeGuessing;
  secondFactor: Pick<SecondFactor, 'strongest'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
  /** Seconds that access lasts at most while the person is away (S21). */
  accessLasts: { away: number };
}

export interface DeviceView {
  /** What a link has filled in; empty: nothing. */
  code: string;
}

export const deviceView = view<DeviceView>('sign-in/device', 'door', 'device.title');

export interface DeviceAskedView {
  step: string;
  client: ClientFace;
  /** Where the app's own site is; empty: it names none. */
  site: string;
  account: Pick<Account, 'email'>;
  code: string;
  /** What it was asked from, in words. */
  device: string;
  ip: string;
  /** Milliseconds. */
  askedAt: number;
  items: ItemInWords[];
}

export const deviceAskedView = view<DeviceAskedView>('sign-in/device-asked', 'door', 'consent.title');

export interface DeviceAnsweredView {
  answered: 'allowed' | 'refused';
  client: ClientFace;
  /** Where what was allowed can be ended; absent: there is nothing, or nothing any more. */
  endPath?: string;
}

export const deviceAnsweredView = view<DeviceAnsweredView>('sign-in/device-answered', 'door', 'device.title');

export const deviceEndedView = view<{ why: DeviceEnded }>('sign-in/device-ended', 'door', 'device.endedTitle');

export const deviceFactorView = view<{ client: ClientFace }>('sign-in/device-factor', 'door', 'device.factorTitle');

const longestTyped = 40;
const typed = z.object({
  user_code: z.string().trim().min(1, 'secondFactor.codeMissing').max(longestTyped, 'device.codeForm'),
});

/** Each box is a field of its own, `allow <id>`: what is not ticked does not arrive. */
const answer = z.looseObject({ answer: z.enum(['allow', 'refuse']) });
const box = 'allow ';

const signedIn = { access: 'signed-in' } as const;

/**
 * The device flow (RFC 8628): the code of a device is typed here, then whoever typed it signs in as everywhere else, sees
 * which app asks, for what and from where, and answers. A link only fills the code in: nothing happens on a GET, and what
 * comes after the first page is there for the browser alone that has sent it (section 5.4).
 */
export function deviceRoutes(deps: DeviceDeps): Route[] {
  const { interactions, deviceCodeGuessing: guessing, events } = deps;
  const { device } = interactions;

  return [
    page('/device', deviceView, ({ query }) => ({ code: filledIn(query['user_code']) })),

    action('/device', typed, async ({ exchange, visitor }, input, wrong) => {
      const code = readUserCode(input.user_code);
      // A slip that can be no code teaches nobody anything.
      if (code === undefined) return wrong({ user_code: 'device.codeForm' });

      const { account } = (await interactions.current(exchange)) ?? {};
      const admitted = await guessing.admit({ ...visitor, accountId: account?.id });

      if ('retryAfter' in admitted) {
        const { retryAfter } = admitted;
        const facts = { actor: account?.id ?? 'anonymous', account, from: visitor, details: { retryAfter } };
        await events.write('device_code.blocked', facts);

        return wrong({ form: { key: 'device.wait', values: { time: waitInWords(retryAfter, visitor.locale) } } }, 429);
      }

      const { counted } = admitted;
      const found = await device.typed(exchange, code).catch(async (error: unknown) => {
        // Nobody was told anything.
        await guessing.right(counted);
        throw error;
      });

      if ('ended' in found) {
        guessing.wrong(counted);
        return wrong({ user_code: `device.${found.ended}How` });
      }

      await guessing.right(counted);

      return to(`/device/${found.step}`);
    }),

    page('/device/:step', deviceAskedView, (ask) => asked(ask), signedIn),

    action(
      '/device/:step',
      answer,
      async ({ exchange, params: { step }, account, session }, input) => {
        const here = `/device/${step}` as const;
        const found = await device.asked(exchange, step, account);
        if (!('items' in found)) return tooLate(found, input.answer) ? backTo(here, tooLateOf[input.answer]) : to(here);

        if (input.answer === 'refuse') {
          await device.refuse(exchange, step, account);
          // Another tab may have been faster, and who has refused must not believe that nothing was given.
          const now = await device.asked(exchange, step, account);

          return tooLate(now, 'refuse') ? backTo(here, tooLateOf.refuse) : to(here);
        }

        await device.allow(exchange, step, { account, session, allowed: tickedOf(found.items, input) });

        return to(here);
      },
      signedIn,
    ),

    action(
      '/device/:step/switch',
      z.object({}),
      async ({ params: { step }, visitor: { locale } }) =>
        interactions.consoleSignIn(`/device/${encodeURIComponent(step)}`, { choose: true, locale }),
      signedIn,
    ),
  ];

  async function asked(ask: Ask<'/device/:step'> & SignedIn): Promise<DeviceAskedView | Outcome> {
    const { exchange, params, account } = ask;
    const found = await device.asked(exchange, params.step, account);

    if ('ended' in found) return show(deviceEndedView, { why: found.ended }, { status: 410 });
    if ('answered' in found) {
      const { answered, client: app, grantId } = found;
      const endPath =
        grantId === undefined ? {} : { endPath: `/account/devices/offline/${encodeURIComponent(grantId)}` };

      return show(deviceAnsweredView, { answered, client: app, ...endPath });
    }

    const first = await proofFirst(ask, found);
    if (first) return first;

    const { client, items, userAgent, code, ip, askedAt } = found;
    const { locale } = ask.visitor;
    const shown = {
      step: params.step,
      client,
      site: client.clientUri === undefined ? '' : new URL(client.clientUri).host,
      account: { email: account.email },
      code,
      device: deviceInWords(deviceOf(userAgent), ask.say),
      ip,
      askedAt,
      // Going on without the person begins ticked here, and nowhere else: no session renews a device's access, so that
      // without it whoever allows a device would have to type a new code every few minutes, and learn to tick it always.
      items: items.map((item) => ({ ...itemInWords(item, locale, deps.accessLasts), ticked: true })),
    };

    return show(deviceAskedView, shown, { titleValues: { client: client.name }, keepsLanguage: true });
  }

  /** As strong and as fresh as the app wants it (S97): signing in again, or setting up what is missing. */
  async function proofFirst(
    { params, account, session, visitor: { locale } }: Ask<'/device/:step'> & SignedIn,
    { client, needsTwoFactors, maxAge }: DeviceAsked,
  ): Promise<Outcome | undefined> {
    const here = `/device/${encodeURIComponent(params.step)}`;

    if (needsTwoFactors && session.acr !== acrTwoFactors) {
      const { strength } = await deps.secondFactor.strongest(account);

      return strengthOf(session) < strength
        ? interactions.consoleSignIn(here, { again: true, locale })
        : show(deviceFactorView, { client }, { status: 403 });
    }

    const isOld = maxAge !== undefined && deps.clock.now() - session.signedInAt > maxAge * 1000;

    return isOld ? interactions.consoleSignIn(here, { maxAge: Math.max(0, maxAge - 1), locale }) : undefined;
  }
}

const tooLateOf = { allow: 'device.allowedTooLate', refuse: 'device.refusedTooLate' } as const;

/** Whether this person has answered otherwise before: the first answer counts. */
function tooLate(found: DeviceFound, answered: 'allow' | 'refuse'): boolean {
  return 'answered' in found && found.answered !== (answered === 'allow' ? 'allowed' : 'refused');
}

function filledIn(text: string | undefined): string {
  const code = text === undefined || text.length > longestTyped ? undefined : readUserCode(text);

  return code === undefined ? '' : shownUserCode(code);
}

type DeviceFound = DeviceAsked | DeviceAnswered | { ended: DeviceEnded };

/** Only what was really asked counts, whatever the form says; what is required is never left out. */
function tickedOf(items: readonly ConsentItem[], input: Readonly<Record<string, unknown>>): string[] {
  return items.filter((item) => item.required || input[box + item.id] !== undefined).map((item) => item.id);
}
