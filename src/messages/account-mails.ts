import { facts, heading, note, text, type Block, type Letter } from './letter.ts';
import { circumstances, day, linkAndCode, type Circumstances, type LinkAndCode, type Template } from './template.ts';
import type { Words } from './words.ts';

/** Mails about the account as a whole and about whose address is whose. */
export interface AccountMails {
  /** To the old address, which can take the change back, where it can: until `until` (milliseconds). */
  'email-changed': Circumstances & { newEmail: string; undo?: LinkAndCode & { until: number } };
  /** To the address that the account had for a while. */
  'email-undone': Circumstances;
  /** To somebody whose address another person typed, or who forgot that they have an account. */
  'address-tried': {
    by: 'registration' | 'change';
    signInPath: `/${string}`;
    /** Milliseconds: until then its account can still be kept, which is closed. */
    until?: number;
  };
  /** To an address that was tried while it is kept for the account that had it, until then (milliseconds). */
  'address-kept': { until: number };
  'recovery-codes-low': { left: number; path: `/${string}` };
  /** What somebody who looks after accounts has done to this one. */
  'by-administrator': Circumstances & AdministratorsDoing;
  /** Says only that mail arrives. */
  test: Record<string, never>;
  /** To those who run the installation: a webhook was switched off by itself. The description may be empty. */
  'webhook-stopped': {
    /** Milliseconds. */
    at: number;
    why: 'failing' | 'gone';
    origin: string;
    description: string;
    path: `/${string}`;
  };
  /** Composed without `accountId`: closing an account drops everything else that is still to be sent to it. */
  'account-closed': Circumstances & { /** Milliseconds, where it can be kept after all until then. */ until?: number };
}

/** `until` in milliseconds: then it is over by itself. The reason is what the person is told of it; may be empty. */
export type AdministratorsDoing =
  | { what: 'locked'; reason: string; until?: number }
  | { what: 'keyDeleted'; name: string }
  | { what: 'unlocked' | 'signedOut' | 'factorsReset' | 'madeAdmin' | 'madeAuditor' | 'roleTaken' };

type AccountTemplates = { [Name in keyof AccountMails]: Template<AccountMails[Name], Letter> };

function letter(subject: string, ...blocks: readonly Block[]): Letter {
  return { subject, heading: subject, blocks };
}

function emailChanged(data: AccountMails['email-changed'], words: Words): Letter {
  const { undo } = data;

  return letter(
    words.say('message.emailChanged.subject'),
    text(words.say('message.emailChanged.text', { email: data.newEmail })),
    circumstances(data, words),
    ...(undo === undefined
      ? [note(words.say('message.emailChanged.earlier'))]
      : [
          heading(words.say('message.emailChanged.undoHeading')),
          text(words.say('message.emailChanged.undoText', { time: words.time(undo.until) })),
          ...linkAndCode(undo, words.say('message.emailChanged.undoLink'), words),
        ]),
  );
}

function byAdministrator(data: AccountMails['by-administrator'], words: Words): Letter {
  const reason = data.what === 'locked' ? data.reason : '';
  const said =
    data.what === 'locked' && data.until !== undefined
      ? words.say('message.byAdmin.lockedUntil', { time: words.time(data.until) })
      : words.say(`message.byAdmin.${data.what}.text`, data.what === 'keyDeleted' ? { name: data.name } : undefined);

  return letter(
    words.say(`message.byAdmin.${data.what}.subject`),
    text(said),
    facts(...(reason === '' ? [] : [{ name: words.say('message.byAdmin.reason'), value: reason }]), {
      name: words.say('message.fact.when'),
      value: words.time(data.at),
    }),
    note(words.say('message.byAdmin.note')),
  );
}

export const accountMails: AccountTemplates = {
  'email-changed': { write: emailChanged },

  'email-undone': {
    write: (data, words) =>
      letter(
        words.say('message.emailUndone.subject'),
        text(words.say('message.emailUndone.text')),
        circumstances(data, words),
        note(words.say('message.emailUndone.note')),
      ),
  },

  'address-tried': {
    atMost: { most: 1, within: day },
    write: (data, words) =>
      letter(
        words.say(data.until === undefined ? 'message.addressTried.subject' : 'message.accountClosed.subject'),
        text(
          data.until === undefined
            ? words.say(`message.addressTried.${data.by}`)
            : words.say('message.addressTried.closed', { time: words.time(data.until) }),
        ),
        { kind: 'link', text: words.say('message.addressTried.link'), url: words.link(data.signInPath), main: true },
        note(words.say('message.addressTried.note')),
      ),
  },

  'address-kept': {
    atMost: { most: 1, within: day },
    write: (data, words) =>
      letter(
        words.say('message.addressKept.subject'),
        text(words.say('message.addressKept.text', { time: words.time(data.until) })),
        note(words.say('message.addressKept.note')),
      ),
  },

  'recovery-codes-low': {
    write: (data, words) =>
      letter(
        words.say('message.recoveryCodesLow.subject'),
        text(words.say('message.recoveryCodesLow.text')),
        { kind: 'facts', facts: [{ name: words.say('message.fact.codesLeft'), value: String(data.left) }] },
        { kind: 'link', text: words.say('message.recoveryCodesLow.link'), url: words.link(data.path), main: true },
      ),
  },

  'by-administrator': { write: byAdministrator },

  test: {
    write: (_data, words) => letter(words.say('message.test.subject'), text(words.say('message.test.text'))),
  },

  'webhook-stopped': {
    write: ({ at, why, origin, description, path }, words) =>
      letter(
        words.say('message.webhookStopped.subject'),
        text(words.say(`message.webhookStopped.${why}`)),
        facts(
          { name: words.say('message.webhookStopped.address'), value: origin },
          ...(description === '' ? [] : [{ name: words.say('message.webhookStopped.about'), value: description }]),
          { name: words.say('message.fact.when'), value: words.time(at) },
        ),
        { kind: 'link', text: words.say('message.webhookStopped.link'), url: words.link(path), main: true },
      ),
  },

  'account-closed': {
    // Whom it goes to is not kept for longer (DECISIONS.md 28).
    lives: () => day,
    write: (data, words) =>
      letter(
        words.say('message.accountClosed.subject'),
        text(
          data.until === undefined
            ? words.say('message.accountClosed.text')
            : words.say('message.accountClosed.grace', { time: words.time(data.until) }),
        ),
        circumstances(data, words),
        note(words.say(data.until === undefined ? 'message.accountClosed.note' : 'message.accountClosed.graceNote')),
      ),
  },
};
