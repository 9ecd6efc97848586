import { heading, text, type Block, type Fact, type Letter } from './letter.ts';
import { circumstances, day, hour, linkAndCode, wasntMe, type Notice, type Template } from './template.ts';
import type { MessageKey, Words } from './words.ts';

/** Mails that tell a person what happened to their account: what, when, in which browser, from where, and a way out. */
export interface SecurityMails {
  'password-changed': Notice;
  'new-device': Notice;
  'factor-added': Notice & { factor: Factor };
  'factor-removed': Notice & { factor: Factor };
  'two-factor-off': Notice;
  /** `left`: how many can still be used. */
  'recovery-code-used': Notice & { left: number };
  'second-factor-failed': Notice;
  /** One that may be a copy was used, in vain. */
  'passkey-refused': Notice & { /** As the person called it. */ name?: string };
  'failed-tries': Notice & { count?: number };
  /** As the person knows it, masked or whole; unset: there is none any more. */
  'phone-changed': Notice & { phone?: string };
  'api-key-created': Notice & { /** As the person called it. */ name: string };
}

export interface Factor {
  kind: 'authenticator' | 'email' | 'sms' | 'passkey' | 'recovery-codes';
  /** A passkey's, as the person called it. */
  name?: string;
  /** Whether the first recovery codes came with it. */
  codes?: true;
}

type SecurityTemplates = { [Name in keyof SecurityMails]: Template<SecurityMails[Name], Letter> };

/** The middle part of the keys of a mail that has a subject and a text. */
type Topic = MessageKey extends infer Key ? (Key extends `message.${infer Name}.subject` ? Name : never) : never;

const factorKeys = {
  authenticator: 'message.factor.authenticator',
  email: 'message.factor.email',
  sms: 'message.factor.sms',
  passkey: 'message.factor.passkey',
  'recovery-codes': 'message.factor.recoveryCodes',
} as const satisfies Record<Factor['kind'], MessageKey>;

function factorInWords({ kind, name, codes }: Factor, words: Words): string {
  const factor =
    kind === 'passkey' && name !== undefined
      ? words.say('message.factor.namedPasskey', { name })
      : words.say(factorKeys[kind]);

  return codes ? words.say('message.factor.withCodes', { factor }) : factor;
}

function letter(topic: Topic, words: Words, blocks: readonly Block[]): Letter {
  const subject = words.say(`message.${topic}.subject`);

  return { subject, heading: subject, blocks };
}

/** One sentence on what happened, then what is always told. */
function notice(topic: Topic, data: Notice, words: Words, values?: Readonly<Record<string, string>>): Letter {
  return letter(topic, words, [
    text(words.say(`message.${topic}.text` as MessageKey, values)),
    circumstances(data, words),
    ...wasntMe(data, words),
  ]);
}

function tries(count: number | undefined, words: Words): Fact[] {
  return count === undefined ? [] : [{ name: words.say('message.fact.tries'), value: String(count) }];
}

export const securityMails: SecurityTemplates = {
  'password-changed': { write: (data, words) => notice('passwordChanged', data, words) },
  // Whoever keeps no cookies causes one with each sign-in.
  'new-device': { atMost: { most: 10, within: day }, write: (data, words) => notice('newDevice', data, words) },
  'two-factor-off': { write: (data, words) => notice('twoFactorOff', data, words) },

  'factor-added': {
    write: (data, words) =>
      letter('factorAdded', words, [
        text(words.say('message.factorAdded.text', { factor: factorInWords(data.factor, words) })),
        circumstances(data, words),
        heading(words.say('message.wasntMe.heading')),
        text(words.say('message.factorAdded.wasntMe')),
        ...linkAndCode(data.wasntMe, words.say('message.wasntMe.link'), words),
      ]),
  },
  'factor-removed': {
    write: (data, words) => notice('factorRemoved', data, words, { factor: factorInWords(data.factor, words) }),
  },

  'recovery-code-used': {
    write: (data, words) =>
      letter('recoveryCodeUsed', words, [
        text(words.say('message.recoveryCodeUsed.text')),
        circumstances(data, words, { name: words.say('message.fact.codesLeft'), value: String(data.left) }),
        ...wasntMe(data, words),
      ]),
  },

  'second-factor-failed': {
    // Whoever knows the password can cause it, and so can the person, by mistyping.
    atMost: { most: 1, within: hour },
    write: (data, words) =>
      letter('secondFactorFailed', words, [
        text(words.say('message.secondFactorFailed.text')),
        circumstances(data, words),
        heading(words.say('message.wasntMe.heading')),
        text(words.say('message.secondFactorFailed.wasntMe')),
        ...linkAndCode(data.wasntMe, words.say('message.wasntMe.link'), words),
      ]),
  },

  'passkey-refused': {
    atMost: { most: 1, within: hour },
    write: (data, words) =>
      letter('passkeyRefused', words, [
        text(words.say('message.passkeyRefused.text', { factor: factorInWords({ kind: 'passkey', ...data }, words) })),
        circumstances(data, words),
        text(words.say('message.passkeyRefused.advice')),
        ...wasntMe(data, words),
      ]),
  },

  'failed-tries': {
    // Anybody can cause it.
    atMost: { most: 1, within: day },
    write: (data, words) =>
      letter('failedTries', words, [
        text(words.say('message.failedTries.text')),
        circumstances(data, words, ...tries(data.count, words)),
        // Nobody got in, so nothing is urgent: the way to a new password, for those who want one.
        ...linkAndCode(data.wasntMe, words.say('message.wasntMe.link'), words),
      ]),
  },

  'phone-changed': {
    write: (data, words) =>
      data.phone === undefined
        ? notice('phoneRemoved', data, words)
        : notice('phoneChanged', data, words, { phone: data.phone }),
  },

  'api-key-created': {
    write: (data, words) =>
      letter('apiKeyCreated', words, [
        text(words.say('message.apiKeyCreated.text', { name: data.name })),
        circumstances(data, words),
        heading(words.say('message.wasntMe.heading')),
        text(words.say('message.apiKeyCreated.wasntMe')),
        ...linkAndCode(data.wasntMe, words.say('message.wasntMe.link'), words),
      ]),
  },
};
