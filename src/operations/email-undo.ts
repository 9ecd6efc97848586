import type { OneTimeCodes } from '../credentials/one-time-code.ts';
import type { OneTimeSecrets } from '../credentials/one-time-secret.ts';
import { emailKey, type Account, type FormerEmail } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Origin } from '../events/writer.ts';
import { toAccount, type Messages } from '../messages/messages.ts';
import type { Records, Write } from '../storage/records.ts';
import { formerEmailsEnded } from './email-change.ts';
import type { Endings } from './endings.ts';
import type { FormerProof, FormerProofs } from './former-proofs.ts';
import { tellingOf, type HappeningsDeps } from './happenings.ts';
import { provedBehind, type MailedProof, type Proved } from './mailed-proof.ts';
import type { Remembering } from './remembering.ts';

/**
 * Taking back a change of address (DECISIONS.md 11), with the secret that went to the old one and with what proved who the
 * person was before. It works once, takes back later changes as well, signs nobody in and everybody out, and leaves second
 * factors as they are.
 */
export interface EmailUndo {
  /** For the page before its button is pressed: has no effect. Undefined: used, too old, or no secret of ours. */
  find(secret: string): Promise<UndoFound | undefined>;
  /** `wait` in seconds: too many wrong proofs; `locked`: a hundred in a row. */
  undo(
    secret: string,
    given: { by: FormerProof; text: string; from: Origin & { deviceId: string } },
  ): Promise<Account | 'ended' | 'wrong' | { wait: number } | 'locked'>;
}

export interface UndoFound {
  /** The one that comes back, and the one that is in force. */
  email: string;
  current: string;
  /** Milliseconds. */
  changedAt: number;
  until: number;
  /** What can prove that it was the person's; none: only an administrator can help. */
  waysIn: FormerProof[];
}

export interface EmailUndoDeps extends HappeningsDeps {
  records: Pick<Records, 'accounts' | 'write'>;
  codes: Pick<OneTimeCodes, 'endedBy'>;
  oneTimeSecrets: Pick<OneTimeSecrets, 'find' | 'endedBy'>;
  formerProofs: Pick<FormerProofs, 'waysIn' | 'fits' | 'spend'>;
  /** At second factors: codes are among what is guessed here. */
  guessing: MailedProof['guessing'];
  endings: Pick<Endings, 'account'>;
  remembering: Pick<Remembering, 'forgetAll'>;
  messages: Pick<Messages, 'compose'>;
  clock: Clock;
}

interface Seen {
  account: Account;
  former: FormerEmail;
  before: string;
  changedAt: number;
}

export function createEmailUndo(deps: EmailUndoDeps): EmailUndo {
  const { records, oneTimeSecrets, codes, formerProofs, guessing, endings, remembering, messages, clock } = deps;

  async function look(secret: string): Promise<Seen | undefined> {
    const row = await oneTimeSecrets.find('email-undo', secret);
    const account = row?.accountId === undefined ? undefined : await records.accounts.get(row.accountId);
    const former = account?.formerEmails?.find(({ undo, until }) => undo === row?.id && until > clock.now());
    const before = row?.data['before'];

    return row && account && former && typeof before === 'string'
      ? { account, former, before, changedAt: row.createdAt }
      : undefined;
  }

  function prove(
    { account: { id: accountId }, before }: Seen,
    given: Parameters<EmailUndo['undo']>[1],
  ): Promise<Proved> {
    const { from, by, text } = given;

    return provedBehind('email-undo', { guessing, accountId, from }, () =>
      formerProofs.fits(accountId, before, { by, text }),
    );
  }

  async function writesOf({ account, former }: Seen, from: Origin): Promise<Write[]> {
    const { id, formerEmails = [] } = account;
    const now = clock.now();
    const by = { actor: id, from };
    const what = { kind: 'email.change_undone' } as const;
    const data = { at: now, from: { ip: from.ip, userAgent: from.userAgent } };

    return [
      { in: 'accounts', update: id, change: (old) => goneBack(old, former, now), decides: true },
      ...formerEmailsEnded(formerEmails.slice(formerEmails.findIndex(({ undo }) => undo === former.undo))),
      ...oneTimeSecrets.endedBy('email', id),
      ...codes.endedBy('email', id),
      ...(await tellingOf(deps, { ...by, account, what })),
      ...messages.compose('email-undone', { ...toAccount(account), data }),
    ];
  }

  return {
    async find(secret) {
      const seen = await look(secret);
      if (!seen) return undefined;

      const { account, former, before, changedAt } = seen;

      return {
        email: former.email,
        current: account.email,
        changedAt,
        until: former.until,
        waysIn: formerProofs.waysIn(account.id, before),
      };
    },

    async undo(secret, given) {
      const seen = await look(secret);
      if (!seen) return 'ended';

      const proof = await prove(seen, given);
      if (proof !== 'right') return proof;

      const { account } = seen;
      const { deviceId: _, ...from } = given.from;
      const by = { actor: account.id, from };

      // First, so that the link still works after a crash in between; and again, for what began meanwhile.
      await endings.account(account, { ...by, reason: 'email_change_undone' });
      if (!(await records.write(await writesOf(seen, from)))) return 'ended';

      await endings.account(account, { ...by, reason: 'email_change_undone' });

      const restored = (await records.accounts.get(account.id)) ?? account;
      await formerProofs.spend(restored, seen.before, { ...given, from });
      await remembering.forgetAll(restored, by);

      return restored;
    },
  };
}

/** With the earlier address in force, and nothing of what came after it. The very same where that is not to be had. */
function goneBack(old: Account, { undo, email }: FormerEmail, now: number): Account {
  const { formerEmails = [] } = old;
  const at = formerEmails.findIndex((one) => one.undo === undo);
  if (at < 0) return old;

  return {
    ...old,
    email,
    emailKey: emailKey(email),
    emailVerified: true,
    formerEmails: formerEmails.slice(0, at),
    updatedAt: now,
  };
}
