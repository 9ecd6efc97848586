import type { OneTimeSecrets } from '../credentials/one-time-secret.ts';
import type { Clock } from '../domain/clock.ts';
import { toAccount, type Messages } from '../messages/messages.ts';
import type { Factor, SecurityMails } from '../messages/security-mails.ts';
import type { Mails } from '../messages/catalogue.ts';
import type { Notice } from '../messages/template.ts';
import type { Write } from '../storage/records.ts';
import { mailAbout } from './administrators-mail.ts';
import { circumstancesOf, type PlaceOf } from './circumstances.ts';
import type { Tell } from './happenings.ts';
import type { KeptPassword } from './kept-password.ts';

/**
 * Which happenings a person gets a mail about (S82, S101, S102), and where it leads who did not do it: to a page of its
 * own whose button signs everybody out (`wasnt-me.ts`). To proved addresses alone: an unproved one may be a stranger's.
 * It must not know how mail is sent nor what it says.
 */
export interface TellingDeps {
  messages: Pick<Messages, 'compose'>;
  oneTimeSecrets: Pick<OneTimeSecrets, 'draw'>;
  keptPassword: Pick<KeptPassword, 'keep'>;
  placeOf?: PlaceOf | undefined;
  clock: Clock;
}

const securityPath = '/account/sign-in-and-security';

/** Recovery codes left from which on a person is asked to make new ones. */
const fewCodes = 3;

export function createTell({ messages, oneTimeSecrets, keptPassword, placeOf, clock }: TellingDeps): Tell {
  return async (what, { account, administrator, from }) => {
    if (!account.emailVerified) return [];

    // With it the mail's link takes back what was added: whoever has the mailbox alone must not.
    const password = what.added && (await keptPassword.keep(account.id));

    const whose = toAccount(account);
    const named = what.name === undefined ? {} : { name: what.name };
    const codes = what.withCodes ? { codes: true as const } : {};

    switch (what.kind) {
      case 'password.changed':
      case 'password.set':
      case 'password.reset':
        return notice('password-changed');
      case 'device.new':
        return notice('new-device');
      case 'two_factor.method_added':
        return notice('factor-added', { factor: { ...methodOf(what.details.method), ...codes } });
      case 'two_factor.method_removed':
        return notice('factor-removed', { factor: methodOf(what.details.method) });
      case 'passkey.added':
        return notice('factor-added', { factor: { kind: 'passkey', ...named, ...codes } });
      case 'passkey.removed':
        return notice('factor-removed', { factor: { kind: 'passkey' } });
      case 'passkey.counter_regressed':
        return notice('passkey-refused', named);
      case 'recovery_codes.created':
        return what.toldElsewhere ? [] : notice('factor-added', { factor: { kind: 'recovery-codes' } });
      case 'two_factor.switched_off':
        return notice('two-factor-off');
      case 'recovery_code.used':
        return [...notice('recovery-code-used', { left: what.details.left }), ...lowOn(what.details.left)];
      case 'second_factor.failed':
        return notice('second-factor-failed');
      case 'phone.changed':
        return notice('phone-changed', { phone: what.name ?? '' });
      case 'phone.removed':
        return notice('phone-changed');
      case 'sign_in.blocked':
        return notice('failed-tries');
      case 'api_key.created':
        return notice('api-key-created', { name: what.name ?? what.details.prefix });
      case 'api_key.deleted': {
        const name = what.name ?? what.details.prefix;

        // Whoever deleted their own knows of it.
        return administrator ? mailAbout({ messages, clock }, account, { what: 'keyDeleted', name }) : [];
      }
      default:
        return [];
    }

    /** What happened and when, and a link of this mail's own for who did not do it. */
    function notice<Name extends keyof SecurityMails>(
      name: Name,
      ...[more]: object extends Omit<SecurityMails[Name], keyof Notice>
        ? [Omit<SecurityMails[Name], keyof Notice>?]
        : [Omit<SecurityMails[Name], keyof Notice>]
    ): Write[] {
      // Whose mailbox it went to: by the time that it is used, the account's may be somebody else's.
      const added = what.added && password !== undefined ? { added: what.added, password } : {};
      const data = { emailKey: account.emailKey, ...added };
      const { issued, put } = oneTimeSecrets.draw({ purpose: 'wasnt-me', accountId: account.id, data });
      const told: Notice = {
        ...circumstancesOf(from, { clock, placeOf, locale: account.locale }),
        wasntMe: { path: `/wasnt-me?token=${issued.secret}`, code: issued.code },
      };
      const mail = messages.compose(name, { ...whose, data: { ...more, ...told } as unknown as Mails[Name] });

      return mail.length === 0 ? [] : [{ in: 'oneTimeSecrets', put }, ...mail];
    }

    function lowOn(left: number): Write[] {
      return left > fewCodes
        ? []
        : messages.compose('recovery-codes-low', { ...whose, data: { left, path: securityPath } });
    }
  };
}

function methodOf(method: string): Factor {
  if (method === 'text') return { kind: 'sms' };
  if (method !== 'authenticator' && method !== 'email') {
    throw new TypeError(`no mail says what ${method} is`);
  }

  return { kind: method };
}
