import { contactCodeView, type ContactCodeView } from '../../src/account/contact.ts';
import { emailView } from '../../src/account/email.ts';
import { personalInformationView } from '../../src/account/personal-information.ts';
import { phoneRemovalView, phoneView } from '../../src/account/phone.ts';
import { timeIn, zoneChoices } from '../../src/account/time-zones.ts';
import { undoCodeView, undoEmailView, undoneView, type UndoEmailView } from '../../src/account/undo-email.ts';
import { locales } from '../../src/domain/account.ts';
import { localeNames } from '../../src/domain/texts.ts';
import { ana } from '../support/interactions.ts';
import { day, now, sample, type Sample } from './sample.ts';

const languages = locales.map((locale) => ({ value: locale, label: localeNames[locale], lang: locale }));
const nobodyAwaited = { email: undefined, phone: undefined };
const longEmail = 'maximiliane.von-der-hohen-warte@rechnungswesen.example.com';
const base = '/account/personal-information/email';

const undoable = {
  secret: '7QK4M2XD9PVTH3RWB8ZN4YGC2K',
  email: longEmail,
  current: 'eve@example.net',
  changedAt: now - day,
  until: now + 6 * day,
};

export const contactSamples: readonly Sample[] = [
  sample(
    personalInformationView,
    ({ say, locale }) => ({
      account: { ...ana, locale, task: 'Payroll' },
      phone: { number: '01511 2345678', e164: '+4915112345678', country: 'Germany', verified: false },
      awaited: { email: longEmail, phone: undefined },
      canSend: { email: true, text: true },
      languages,
      zones: zoneChoices(locale, ''),
      zone: { chosen: 'Europe/Berlin', unset: 'UTC', now: timeIn('Europe/Berlin', { locale, now }) },
      further: [{ label: say('account.claim.address'), value: 'Kai 1, 24103 Kiel' }],
    }),
    { notice: 'account.saved' },
  ),
  sample(
    personalInformationView,
    ({ locale }) => ({
      account: { ...ana, emailVerified: false },
      awaited: nobodyAwaited,
      canSend: { email: true, text: true },
      languages,
      zones: [{ value: 'UTC', label: 'UTC' }],
      zone: { chosen: '', unset: 'UTC', now: timeIn('UTC', { locale, now }) },
      further: [],
    }),
    { as: 'with problems', problems: { displayName: 'problem.tooLong', task: 'problem.controlCharacters' } },
  ),
  sample(
    personalInformationView,
    ({ locale }) => ({
      account: ana,
      phone: { number: '01511 2345678', e164: '+4915112345678', country: undefined, verified: false },
      awaited: { email: undefined, phone: '07400 123456' },
      canSend: { email: false, text: false },
      languages,
      zones: [{ value: 'UTC', label: 'UTC' }],
      zone: { chosen: '', unset: 'UTC', now: timeIn('UTC', { locale, now }) },
      further: [],
    }),
    { as: 'without messages' },
  ),

  sample(emailView, () => ({ email: longEmail, canSend: true }), { problems: { email: 'problem.email' } }),
  sample(emailView, () => ({ email: longEmail, canSend: false }), { as: 'without mail' }),

  sample(contactCodeView, (): ContactCodeView => ({ base, to: longEmail, state: 'lives' }), {
    notice: 'contact.sent',
    problems: { code: 'contact.codeWrong' },
  }),
  sample(contactCodeView, (): ContactCodeView => ({ base, to: longEmail, state: 'over' }), {
    as: 'too old',
    problems: { form: 'secondFactor.codeEnded' },
  }),
  sample(contactCodeView, (): ContactCodeView => ({ base, to: longEmail, state: 'elsewhere' }), {
    as: 'of another browser',
  }),
  sample(
    contactCodeView,
    ({ say }): ContactCodeView => ({ base, to: '', state: 'refused', problem: say('problem.emailChangedMeanwhile') }),
    { as: 'refused' },
  ),

  sample(phoneView, () => ({ countries: [{ value: 'DE', label: 'Germany (+49)' }], country: 'DE', canSend: true }), {
    problems: { number: 'problem.phoneIsFactor' },
  }),
  sample(phoneView, () => ({ countries: [{ value: 'DE', label: 'Germany (+49)' }], country: 'DE', canSend: false }), {
    as: 'without text messages',
    problems: { number: 'problem.phoneNumber' },
  }),
  sample(phoneRemovalView, () => ({ number: '01511 2345678', isFactor: true }), {
    problems: { form: 'problem.lastStrongFactor' },
  }),

  sample(
    undoEmailView,
    (): UndoEmailView => ({ ...undoable, by: 'password', others: ['authenticator', 'recovery-code'] }),
    {
      problems: { proofPassword: 'undo.wrongPassword' },
    },
  ),
  sample(undoEmailView, (): UndoEmailView => ({ ...undoable, by: 'recovery-code', others: ['password'] }), {
    as: 'by a code',
    problems: { code: 'secondFactor.recoveryWrong', form: 'undo.locked' },
  }),
  sample(undoEmailView, (): UndoEmailView => ({ ...undoable, by: undefined, others: [] }), { as: 'without proof' }),
  sample(undoCodeView, () => ({ ended: false }), { problems: { code: 'undo.codeUnknown' } }),
  sample(undoCodeView, () => ({ ended: true }), { as: 'ended' }),
  sample(undoneView, () => ({})),
];
