import type { Account, Locale } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { isEmailAddress } from '../domain/email-address.ts';
import { newTimedId } from '../domain/ids.ts';
import type { Events } from '../events/writer.ts';
import type { Mailer } from '../messages/mailer.ts';
import type { Messages } from '../messages/messages.ts';
import type { Shares } from '../messages/shares.ts';
import type { Writing } from '../messages/writing.ts';
import type { Records } from '../storage/records.ts';
import { problem, refused, type By, type Result } from './problems.ts';

/** A mail that says nothing but that mail arrives, sent while the administrator waits for what the mail server says. */
export interface TestMail {
  /** `outbox`: development mode shows it there. `error`: what the mail server said, or why it could not be asked. */
  send(to: string, about: { account?: Account | undefined; locale?: Locale }, by: By): Promise<Result<Tested>>;
}

export type Tested = { sent: true; outbox?: true } | { sent: false; error: string };

export interface TestMailDeps {
  /** Undefined: no mail can be sent. */
  mailer: Mailer | 'outbox' | undefined;
  writing: Pick<Writing, 'mail'>;
  messages: Pick<Messages, 'compose' | 'wake'>;
  shares: Pick<Shares, 'take'>;
  records: Pick<Records, 'write'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
}

/** In an hour, of one administrator and of all of them. It can be sent to anybody: more would be a way to annoy people. */
const most = { own: 5, all: 20, within: 3600 };

/** Milliseconds that somebody waits in front of the page. */
const patience = 15_000;

export function createTestMail({ mailer, writing, messages, shares, records, events, clock }: TestMailDeps): TestMail {
  return {
    async send(to, { account, locale = account?.locale ?? 'en' }, by) {
      if (!isEmailAddress(to)) return refused(problem('to', 'problem.email'));
      if (mailer === undefined) return refused(problem('to', 'problem.settingNoMail'));

      const { within } = most;
      const own = await shares.take(`test mail ${by.actor}`, { most: most.own, within });
      const all = own === undefined ? undefined : await shares.take('test mail', { most: most.all, within });
      if (all === undefined) return refused(problem('to', 'problem.settingTests', { max: most.own }));

      if (mailer === 'outbox') {
        await records.write(messages.compose('test', { to, locale, data: {} }));
        messages.wake();
        await events.write('settings.tested', { ...by, details: { sent: true } });

        return { ok: true, value: { sent: true, outbox: true } };
      }

      const now = clock.now();
      const id = newTimedId(now);
      const message = { id, channel: 'email', template: 'test', locale, state: 'queued', attempts: 0 } as const;
      const mail = writing.mail(
        { ...message, nextAt: now, createdAt: now, expiresAt: now },
        { to, timeZone: 'UTC', data: {} },
        now,
      );
      if (!mail) throw new TypeError('the test mail is a template');

      const outcome = await mailer.send(mail, { id, to }, AbortSignal.timeout(patience));
      const sent = outcome.kind === 'sent';
      await events.write('settings.tested', { ...by, details: { sent } });
      if (sent) return { ok: true, value: { sent } };

      return { ok: true, value: { sent, error: 'error' in outcome ? outcome.error : 'the mail server is too slow' } };
    },
  };
}
