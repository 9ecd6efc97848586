import type { OneTimeCodes } from '../credentials/one-time-code.ts';
import type { Guessing } from '../credentials/guessing.ts';
import { emailKey, type Account } from '../domain/account.ts';
import { networkOf } from '../domain/address.ts';
import type { Clock } from '../domain/clock.ts';
import type { Events, Origin } from '../events/writer.ts';
import { toAccount, type Messages } from '../messages/messages.ts';
import type { Shares } from '../messages/shares.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { circumstancesOf, type PlaceOf } from './circumstances.ts';

/**
 * Proving a mailbox by a code, before a browser that nobody knows may try passwords again where there were a hundred wrong
 * ones in a row (S84). From then on it has a count of its own. Everything looks, and costs, the same for an address that
 * nobody has (S71).
 */
export interface Mailbox {
  /** Whether codes can be sent at all, as this service is set up. */
  readonly possible: boolean;
  /** `wait` in seconds: too many were sent to this address, or tried. `too-many`: were asked for from this network. */
  send(asked: Asked): Promise<'sent' | { wait: number } | 'too-many'>;
  prove(tried: Asked & { code: string }): Promise<'right' | { wrong: true; triesLeft: number } | 'ended'>;
}

interface Asked {
  email: string;
  /** See `CodeOf`. */
  binding: string;
  from: Origin & { deviceId: string };
}

export interface MailboxDeps {
  records: Pick<Records, 'accounts'>;
  oneTimeCodes: Pick<OneTimeCodes, 'issue' | 'check' | 'waiting'>;
  /** At passwords. */
  guessing: Pick<Guessing, 'recognised'>;
  messages: Pick<Messages, 'compose' | 'pretend' | 'canSendEmail'>;
  shares: Pick<Shares, 'take'>;
  events: Pick<Events, 'write'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  placeOf?: PlaceOf | undefined;
  clock: Clock;
}

const hour = 3600;
/** Requests of one network in an hour. */
const perNetwork = { most: 30, within: hour };
/** Of those, codes to one address, and tries at them (S85). Strangers elsewhere take nothing of these. */
const sentHere = { most: 5, within: hour };
const triedHere = { most: 20, within: hour };
/** Codes to one address from everywhere (S76), each with five tries: as many as such mails are delivered. */
const sentToAddress = { most: 10, within: hour };

export function createMailbox(deps: MailboxDeps): Mailbox {
  const { records, oneTimeCodes, messages, shares, clock, placeOf } = deps;

  async function of(email: string, binding: string) {
    const key = emailKey(email);
    const found = await records.accounts.find('email', key);
    const account: Account | undefined = found?.status === 'active' && found.emailVerified ? found : undefined;
    const accountId = account?.id ?? `nobody ${deps.sealing.keyedHash('mailbox-of-nobody', key)}`;

    // Bound to the address too: what was sent to an older one of the account is right nowhere.
    return {
      key,
      account,
      code: { purpose: 'mailbox', accountId, binding: `${binding} ${key}`, apart: true } as const,
    };
  }

  async function isShareLeft(key: string, network: string): Promise<boolean> {
    return (
      (await shares.take(`mailbox ${key} from ${network}`, sentHere)) !== undefined &&
      (await shares.take(`mailbox ${key}`, sentToAddress)) !== undefined
    );
  }

  return {
    possible: messages.canSendEmail,

    async send({ email, binding, from }) {
      const { key, account, code } = await of(email, binding);
      const network = networkOf(from.ip);
      if ((await shares.take(`mailbox from ${network}`, perNetwork)) === undefined) return 'too-many';

      let isLeft: Promise<boolean> | undefined;
      const issued = await oneTimeCodes.issue<{ wait: number }>(code, async ({ code: digits, worksUntil }) => {
        if (!(await (isLeft ??= isShareLeft(key, network)))) return { refusal: { wait: hour } };

        const locale = account?.locale ?? 'en';
        const lives = Math.round((worksUntil - clock.now()) / 1000);
        const data = { code: digits, lives, ...circumstancesOf(from, { clock, placeOf, locale }) };

        return account
          ? messages.compose('mailbox-code', { ...toAccount(account), attempt: binding, data })
          : messages.pretend('mailbox-code', { to: email, attempt: binding, data });
      });

      return 'wait' in issued ? issued : 'sent';
    },

    async prove({ email, binding, code: typed, from }) {
      const { key, account, code } = await of(email, binding);
      // Without a code there is nothing to guess: such a try uses up nothing.
      if ((await oneTimeCodes.waiting(code)) === undefined) return 'ended';
      if ((await shares.take(`mailbox tries ${key} from ${networkOf(from.ip)}`, triedHere)) === undefined)
        return 'ended';

      const checked = await oneTimeCodes.check({ ...code, code: typed });
      if (checked.outcome === 'ended') return 'ended';

      const facts = { actor: 'anonymous', account, from };

      if (checked.outcome === 'wrong' || !account) {
        await deps.events.write('code.failed', { ...facts, details: { purpose: 'mailbox' } });

        return { wrong: true, triesLeft: checked.outcome === 'wrong' ? checked.triesLeft : 0 };
      }

      await deps.guessing.recognised({ accountId: account.id, deviceId: from.deviceId });
      await deps.events.write('mailbox.proved', facts);

      return 'right';
    },
  };
}
