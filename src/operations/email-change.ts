import { z } from 'zod';

import type { IssuedCode, OneTimeCodes } from '../credentials/one-time-code.ts';
import type { OneTimeSecrets } from '../credentials/one-time-secret.ts';
import { emailKey, keepableUntil, type Account, type FormerEmail } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import type { Origin } from '../events/writer.ts';
import { toAccount, type Messages } from '../messages/messages.ts';
import type { Records, Write } from '../storage/records.ts';
import { textIn, type Asking, type AwaitedCode, type CodeSent, type ContactChange } from './contact-change.ts';
import { isKeptForAnother } from './former-addresses.ts';
import type { FormerProofs } from './former-proofs.ts';
import { tellingOf, type HappeningsDeps } from './happenings.ts';
import { problem, read, refused, type Result } from './problems.ts';
import type { ProveCode } from './prove-code.ts';
import { emailAddress } from './text-rules.ts';

/**
 * Another e-mail address, or the proof of the one that there is: it counts once a code from that very mailbox was typed in
 * the browser that asked. Whether an address is somebody else's only its owner gets to know (S71): then a mail tells them,
 * and no code is right.
 */
export interface EmailChange extends ContactChange {
  /** Problems stand at `email`. */
  ask(account: Account, email: string, asking: Asking): Promise<Result<object> | CodeSent>;
}

export interface EmailChangeDeps extends HappeningsDeps {
  records: Pick<Records, 'accounts' | 'formerAddresses' | 'write'>;
  codes: Pick<OneTimeCodes, 'issue' | 'pending' | 'withdraw' | 'endedBy'>;
  proveCode: Pick<ProveCode, 'sent'>;
  oneTimeSecrets: Pick<OneTimeSecrets, 'draw' | 'endedBy'>;
  formerProofs: Pick<FormerProofs, 'keep'>;
  messages: Pick<Messages, 'canSendEmail' | 'compose'>;
  clock: Clock;
}

/** Where a change is taken back. */
export const undoPath = '/undo-email-change';

const purpose = 'change:email';
/** Seconds for which a change waits for its code, or for another one. */
const waits = 86_400;
/** Changes that can be taken back at a time: each one is kept. */
const mostFormer = 10;

export function createEmailChange(deps: EmailChangeDeps): EmailChange {
  const { records, codes, proveCode, messages, clock } = deps;

  async function send(account: Account, email: string, asking: Asking): Promise<CodeSent> {
    if (!messages.canSendEmail) return 'off';

    const { binding, locale } = asking;
    const key = emailKey(email);
    const [holder, kept] = await Promise.all([records.accounts.find('email', key), records.formerAddresses.get(key)]);
    const owner = holder?.id === account.id ? undefined : holder;
    const keptUntil = kept?.accountId === account.id ? undefined : kept?.expiresAt;
    const decoy = owner !== undefined || keptUntil !== undefined;

    const message = ({ code, worksUntil }: IssuedCode): Write[] => {
      const to = { ...toAccount(account), to: email, locale };
      const lives = Math.round((worksUntil - clock.now()) / 1000);

      if (owner) {
        const until = keepableUntil(owner, clock.now());
        const data = { by: 'change', signInPath, ...(until !== undefined && { until }) } as const;

        return messages.compose('address-tried', { ...toAccount(owner), data });
      }
      if (keptUntil !== undefined) return messages.compose('address-kept', { ...to, data: { until: keptUntil } });

      return messages.compose('change-email-code', { ...to, data: { code, lives } });
    };

    const ask = { purpose, accountId: account.id, binding, data: { email }, decoy, keptFor: waits } as const;
    const issued = await codes.issue(ask, message);

    return 'wait' in issued ? issued : 'sent';
  }

  async function waiting(accountId: string, binding: string): Promise<AwaitedCode | undefined> {
    const pending = await codes.pending({ purpose, accountId, binding });
    const to = pending?.data['email'];

    return pending && typeof to === 'string' ? { to, here: pending.here, lives: pending.lives } : undefined;
  }

  /** The code was right: the address is theirs. Refused where it is another account's by now. */
  async function take(account: Account, email: string, from: Origin): Promise<Result<Account>> {
    const seen = (await records.accounts.get(account.id)) ?? account;
    const next = { ...seen, email, emailKey: emailKey(email), emailVerified: true, updatedAt: clock.now() };
    const isSame = next.emailKey === seen.emailKey;
    const taken = refused(problem('', 'problem.emailTaken'));

    if (!isSame && (await isKeptForAnother(records, next))) return taken;

    const writes = isSame
      ? await verification({ seen, next, from })
      : await changeOf(deps, { seen, next, by: { actor: seen.id, from } });

    try {
      // Another change came first: what was typed was meant for what it was before.
      if (!(await records.write(writes))) return refused(problem('', 'problem.emailChangedMeanwhile'));
    } catch (error) {
      if (error instanceof Conflict) return taken;

      throw error;
    }

    if (isSame || !(await isKeptForAnother(records, next))) return { ok: true, value: next };

    // Given up in this very moment: what was there before is there again.
    await records.accounts.update(seen.id, (old) => (old.email === email ? goneBack(old, seen) : old));
    return taken;
  }

  async function verification({ seen, next, from }: { seen: Account; next: Account; from: Origin }): Promise<Write[]> {
    const what = { kind: 'email.verified' } as const;

    return [
      replacing(seen, next),
      ...codes.endedBy('email', seen.id),
      ...(await tellingOf(deps, { actor: seen.id, from, account: next, what })),
    ];
  }

  return {
    canSend: () => messages.canSendEmail,
    waiting,

    async ask(account, typed, asking) {
      const given = read(z.object({ email: emailAddress }), { email: typed });
      if (!given.ok) return given;

      const { email } = given.value;
      if (account.emailVerified && email === account.email) return refused(problem('email', 'problem.emailSame'));
      if (formerOf(account, clock.now()).length >= mostFormer)
        return refused(problem('email', 'problem.emailTooOften'));

      return send(account, email, asking);
    },

    async sendAgain(account, asking) {
      const awaited = await waiting(account.id, asking.binding);

      return awaited === undefined ? 'nothing' : send(account, awaited.to, asking);
    },

    async confirm(account, given) {
      const proof = await proveCode.sent(account, { ...given, purpose });
      if (proof === 'locked' || proof === 'ended' || !('right' in proof)) return proof;

      return take(account, textIn(proof.data, 'email'), given.from);
    },

    cancel: ({ id }) => codes.withdraw(purpose, id),
  };
}

const signInPath = '/account';

interface Change {
  seen: Account;
  next: Account;
  by: { actor: string; from: Origin };
}

/**
 * One address in the place of another. The old one is kept before it is given up. From a proved one the change can be
 * taken back; but going back to an address that the account had lately is taking back itself: whoever had the mailbox in
 * between gets no way to undo that.
 */
async function changeOf(deps: EmailChangeDeps, { seen, next, by }: Change): Promise<Write[]> {
  const { oneTimeSecrets, codes, formerProofs, messages, clock } = deps;
  const { id: accountId } = seen;
  const former = formerOf(seen, clock.now());
  const back = former.findIndex(({ email }) => emailKey(email) === next.emailKey);
  const ended = back < 0 ? [] : former.slice(back);
  const canUndo = seen.emailVerified && back < 0;
  const before = canUndo ? await formerProofs.keep(accountId) : '';
  const undo = canUndo ? oneTimeSecrets.draw({ purpose: 'email-undo', accountId, data: { before } }) : undefined;
  const until = undo?.issued.expiresAt ?? 0;

  const left: FormerEmail[] = [
    ...former.slice(0, former.length - ended.length),
    ...(undo ? [{ email: seen.email, undo: undo.put.id, until }] : []),
  ];
  const mail: Write[] = seen.emailVerified
    ? messages.compose('email-changed', {
        ...toAccount(seen),
        data: {
          at: clock.now(),
          from: { ip: by.from.ip, userAgent: by.from.userAgent },
          newEmail: next.email,
          ...(undo && { undo: { path: `${undoPath}?code=${undo.issued.secret}`, code: undo.issued.code, until } }),
        },
      })
    : [];

  return [
    ...(undo
      ? ([
          { in: 'formerAddresses', put: { id: seen.emailKey, accountId, expiresAt: until } },
          { in: 'oneTimeSecrets', put: undo.put },
        ] satisfies Write[])
      : []),
    replacing(seen, { ...next, formerEmails: left }),
    ...formerEmailsEnded(ended),
    ...oneTimeSecrets.endedBy('email', accountId),
    ...codes.endedBy('email', accountId),
    ...(await tellingOf(deps, { ...by, account: next, what: { kind: 'email.changed' } })),
    ...mail,
  ];
}

/** In the place of the address that was seen, and of no other. */
function replacing(seen: Account, next: Account): Write {
  const { email, emailKey: key, emailVerified, formerEmails, updatedAt } = next;
  const fields = { email, emailKey: key, emailVerified, updatedAt, ...(formerEmails && { formerEmails }) };

  return {
    in: 'accounts',
    update: seen.id,
    change: (old) =>
      old.email === seen.email && old.emailVerified === seen.emailVerified ? { ...old, ...fields } : old,
    decides: true,
  };
}

function formerOf({ formerEmails = [] }: Account, now: number): FormerEmail[] {
  return formerEmails.filter(({ until }) => until > now);
}

function goneBack(old: Account, { email, emailKey: key, emailVerified, formerEmails = [] }: Account): Account {
  return { ...old, email, emailKey: key, emailVerified, formerEmails };
}

/** Nothing leads back to these addresses any more, and nobody is kept from them. */
export function formerEmailsEnded(former: readonly FormerEmail[]): Write[] {
  return former.flatMap(({ email, undo }): Write[] => [
    { in: 'oneTimeSecrets', remove: undo },
    { in: 'formerAddresses', remove: emailKey(email) },
  ]);
}
