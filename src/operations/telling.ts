import type { Clock } from '../domain/clock.ts';
import { toAccount, type Messages } from '../messages/messages.ts';
import type { Factor } from '../messages/security-mails.ts';
import type { Circumstances, Notice } from '../messages/template.ts';
import type { Write } from '../storage/records.ts';
import type { Tell } from './happenings.ts';
import type { By } from './problems.ts';

/**
 * Which happenings a person gets a mail about (S82, S101, S102), and where it leads who did not do it. To proved
 * addresses alone: an unproved one may be a stranger's. It must not know how mail is sent nor what it says.
 */
export interface TellingDeps {
  messages: Pick<Messages, 'compose'>;
  clock: Clock;
}

/** Where the password is changed and everybody else is signed out. */
const wasntMe = { path: '/account/sign-in-and-security' } as const;

/** Recovery codes left from which on a person is asked to make new ones. */
const fewCodes = 3;

export function createTell({ messages, clock }: TellingDeps): Tell {
  return (what, { account, from }) => {
    if (!account.emailVerified) return [];

    const whose = toAccount(account);
    const data: Notice = { ...circumstances(from, clock), wasntMe };
    const factor = (name: 'factor-added' | 'factor-removed', of: Factor): Write[] =>
      messages.compose(name, { ...whose, data: { ...data, factor: of } });

    switch (what.kind) {
      case 'password.changed':
      case 'password.set':
      case 'password.reset':
        return messages.compose('password-changed', { ...whose, data });
      case 'two_factor.method_added':
        return factor('factor-added', methodOf(what.details.method));
      case 'two_factor.method_removed':
        return factor('factor-removed', methodOf(what.details.method));
      case 'passkey.added':
        return factor('factor-added', { kind: 'passkey' });
      case 'passkey.removed':
        return factor('factor-removed', { kind: 'passkey' });
      case 'recovery_codes.created':
        return factor('factor-added', { kind: 'recovery-codes' });
      case 'two_factor.switched_off':
        return messages.compose('two-factor-off', { ...whose, data });
      case 'recovery_code.used':
        return recoveryCodeUsed(what.details.left);
      case 'second_factor.failed':
        return messages.compose('second-factor-failed', { ...whose, data });
      case 'sign_in.blocked':
        return messages.compose('failed-tries', { ...whose, data });
      default:
        return [];
    }

    function recoveryCodeUsed(left: number): Write[] {
      const low = { left, path: wasntMe.path };

      return [
        ...messages.compose('recovery-code-used', { ...whose, data: { ...data, left } }),
        ...(left > fewCodes ? [] : messages.compose('recovery-codes-low', { ...whose, data: low })),
      ];
    }
  };
}

function methodOf(method: string): Factor {
  if (method !== 'authenticator' && method !== 'email' && method !== 'sms') {
    throw new TypeError(`no mail says what ${method} is`);
  }

  return { kind: method };
}

/** Where no browser was in it (the command line), only when it was. */
function circumstances(from: By['from'], clock: Clock): Circumstances {
  const at = clock.now();

  return from ? { at, from: { ip: from.ip, userAgent: from.userAgent } } : { at };
}
