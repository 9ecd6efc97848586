import { code, note, text, type Letter } from './letter.ts';
import {
  circumstances,
  codesAtMost,
  day,
  hour,
  linkAndCode,
  type Circumstances,
  type CodeData,
  type LinkAndCode,
  type Template,
} from './template.ts';
import type { MessageKey, Words } from './words.ts';

/** Mails that carry something to type or to press. No name stands in them: a stranger may have chosen it. */
export interface CodeMails {
  /** To finish creating an account. */
  'verify-email': CodeData;
  /** To the address that an account has already, made by somebody else. */
  'confirm-email': CodeData;
  /** As a second factor, after the password. */
  'sign-in-code': CodeData & Circumstances & { securityPath: `/${string}` };
  /** From a browser that nobody knows, after a hundred wrong passwords: before one is looked at there. */
  'mailbox-code': CodeData & Circumstances;
  /** To the new address. */
  'change-email-code': CodeData;
  /** To choose a new password without the old one. `byAdministrator`: it was not the person who asked. */
  'reset-password': LinkAndCode & {
    code: string;
    /** Seconds. */ lives: number;
    byAdministrator?: true;
  } & Circumstances;
  /** To whoever an administrator has made an account for: to prove the address and choose a password. */
  invitation: LinkAndCode & { code: string; /** Seconds. */ lives: number };
}

type CodeTemplates = { [Name in keyof CodeMails]: Template<CodeMails[Name], Letter> };

const codeMail = {
  lives: ({ lives }: CodeData) => lives,
  newestOnly: true,
  atMost: codesAtMost,
} as const;

function letter(
  name: 'verifyEmail' | 'confirmEmail' | 'changeEmail' | 'signInCode' | 'mailboxCode',
  words: Words,
  blocks: Letter['blocks'],
): Letter {
  const subject = words.say(`message.${name}.subject`);

  return { subject, heading: subject, blocks };
}

/** The code stands in no subject: mail servers write those into their logs. */
function codeBlocks(data: CodeData, intro: MessageKey, words: Words): Letter['blocks'] {
  return [
    text(words.say(intro)),
    code(data.code),
    text(words.say('message.code.valid', { time: words.left() })),
    text(words.say('message.code.keep')),
  ];
}

export const codeMails: CodeTemplates = {
  'verify-email': {
    ...codeMail,
    write: (data, words) =>
      letter('verifyEmail', words, [
        ...codeBlocks(data, 'message.verifyEmail.text', words),
        note(words.say('message.verifyEmail.note')),
      ]),
  },

  'confirm-email': {
    ...codeMail,
    write: (data, words) =>
      letter('confirmEmail', words, [
        ...codeBlocks(data, 'message.confirmEmail.text', words),
        note(words.say('message.confirmEmail.note')),
      ]),
  },

  'sign-in-code': {
    ...codeMail,
    write: (data, words) =>
      letter('signInCode', words, [
        ...codeBlocks(data, 'message.signInCode.text', words),
        circumstances(data, words),
        note(words.say('message.signInCode.note', { page: words.link(data.securityPath) })),
      ]),
  },

  'mailbox-code': {
    ...codeMail,
    write: (data, words) =>
      letter('mailboxCode', words, [
        ...codeBlocks(data, 'message.mailboxCode.text', words),
        circumstances(data, words),
        note(words.say('message.mailboxCode.note')),
      ]),
  },

  'change-email-code': {
    ...codeMail,
    write: (data, words) =>
      letter('changeEmail', words, [
        ...codeBlocks(data, 'message.changeEmail.text', words),
        note(words.say('message.changeEmail.note')),
      ]),
  },

  'reset-password': {
    lives: ({ lives }) => lives,
    newestOnly: true,
    // S76: more are refused in silence.
    atMost: { most: 5, within: hour },
    write(data, words) {
      const subject = words.say('message.resetPassword.subject');

      return {
        subject,
        heading: subject,
        blocks: [
          text(words.say(data.byAdministrator ? 'message.resetPassword.byAdmin' : 'message.resetPassword.text')),
          ...linkAndCode(data, words.say('message.resetPassword.link'), words, true),
          text(words.say('message.resetPassword.valid', { time: words.left() })),
          circumstances(data, words),
          note(words.say('message.resetPassword.note')),
        ],
      };
    },
  },

  invitation: {
    lives: ({ lives }) => lives,
    newestOnly: true,
    atMost: { most: 20, within: day },
    write(data, words) {
      const subject = words.say('message.invitation.subject');

      return {
        subject,
        heading: subject,
        blocks: [
          text(words.say('message.invitation.text')),
          ...linkAndCode(data, words.say('message.invitation.link'), words, true),
          text(words.say('message.resetPassword.valid', { time: words.left() })),
          note(words.say('message.invitation.note')),
        ],
      };
    },
  },
};
