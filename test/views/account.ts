import { contactCodeView, type ContactCodeView } from '../../src/account/contact.ts';
import { emailView } from '../../src/account/email.ts';
import { newPasskeyView, passkeyView } from '../../src/account/passkeys.ts';
import { personalInformationView } from '../../src/account/personal-information.ts';
import { phoneRemovalView, phoneView } from '../../src/account/phone.ts';
import { newRecoveryCodesView } from '../../src/account/security-places.ts';
import { notSignedInView, signedOutView } from '../../src/account/session.ts';
import { signInAndSecurityView, type SignInAndSecurityView } from '../../src/account/sign-in-and-security.ts';
import { timeIn, zoneChoices } from '../../src/account/time-zones.ts';
import { authenticatorView, switchOffView } from '../../src/account/two-factor.ts';
import { undoCodeView, undoEmailView, undoneView, type UndoEmailView } from '../../src/account/undo-email.ts';
import { locales, type Locale } from '../../src/domain/account.ts';
import { localeNames } from '../../src/domain/texts.ts';
import { ana } from '../support/interactions.ts';
import { day, now, sample, type Sample } from './sample.ts';

export const shown = {
  qr: { size: 21, path: 'M1 1h7v7h-7z' },
  secret: 'JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP',
  url: 'otpauth://totp/Northwind%20ID:ana%40example.com?secret=JBSWY3DPEHPK3PXP',
};

export const codes = ['7QK4-M2XD-9PVT-H3RW', 'B8ZN-4YGC-2KJF-T6QS', 'W5HX-9DMP-3VBN-K7RC'];

const languages = locales.map((locale) => ({ value: locale, label: localeNames[locale], lang: locale }));

const countryNames = (locale: Locale) => new Intl.DisplayNames([locale], { type: 'region' });

/** A person's own page, with nothing awaited. */
function personal(locale: Locale, chosen = '') {
  const unset = 'Europe/Berlin';

  return {
    account: { ...ana, locale },
    awaited: { email: undefined, phone: undefined },
    canSend: { email: true, text: true },
    languages,
    zones: zoneChoices(locale, chosen),
    zone: { chosen, unset, now: timeIn(chosen || unset, { locale, now }) },
    further: [],
  };
}

/** The two longest names of countries, and the one that is chosen. */
const countries = (locale: Locale) =>
  ['DE', 'GS', 'VC'].map((value) => ({ value, label: `${countryNames(locale).of(value)} (+49)` }));

const mailPath = '/account/personal-information/email';
const phonePath = '/account/personal-information/phone';
const undo = {
  secret: 's3cret',
  email: ana.email,
  current: 'mallory@a-rather-long-domain-name.example',
  changedAt: now - day,
  until: now + 6 * day,
};

const nothingSetUp = {
  names: ['Ana'],
  email: ana.email,
  length: { minimum: 15, maximum: 256 },
  everywhere: true,
  twoFactor: {
    isOn: false,
    isPasswordGuarded: false,
    isPasswordShort: false,
    isNeeded: false,
    methods: [],
    authenticators: [],
    email: { to: 'a••@example.com', on: false, possible: true },
    text: { on: false, possible: false },
  },
  passkeys: [],
  browsers: [],
  canSend: { email: true, text: true },
};

export const accountSamples: readonly Sample[] = [
  sample(personalInformationView, ({ locale }) => personal(locale)),
  sample(
    personalInformationView,
    ({ say, locale }) => ({
      ...personal(locale, 'America/Argentina/Buenos_Aires'),
      account: { ...ana, locale, emailVerified: false, task: 'Payroll' },
      phone: {
        number: '01512 3456789',
        e164: '+4915123456789',
        country: countryNames(locale).of('DE'),
        verified: false,
        provable: true,
      },
      further: [{ label: say('account.claim.address'), value: 'Kai 1, 24103 Kiel' }],
    }),
    { as: 'with nothing verified', notice: 'account.saved' },
  ),
  sample(
    personalInformationView,
    ({ locale }) => ({
      ...personal(locale),
      awaited: { email: 'ana.alvarez@a-rather-long-domain-name.example', phone: '01512 3456789' },
      phone: {
        number: '0171 1234567',
        e164: '+491711234567',
        country: countryNames(locale).of('DE'),
        verified: true,
        provable: true,
      },
    }),
    {
      as: 'while codes are awaited',
      problems: { displayName: 'problem.tooLong', task: 'problem.controlCharacters', zoneinfo: 'problem.zoneinfo' },
    },
  ),
  sample(
    personalInformationView,
    ({ locale }) => ({
      ...personal(locale),
      canSend: { email: false, text: false },
      phone: { number: '+883 5100 1234', e164: '+88351001234', country: undefined, verified: false, provable: false },
    }),
    { as: 'where nothing is sent', notice: 'contact.phoneKept' },
  ),
  sample(
    personalInformationView,
    ({ locale }) => ({
      ...personal(locale),
      phone: {
        number: '070 123 4567',
        e164: '+93701234567',
        country: countryNames(locale).of('AF'),
        verified: false,
        provable: false,
      },
    }),
    { as: 'with a number that gets no codes' },
  ),
  sample(emailView, () => ({ email: ana.email, canSend: true }), { problems: { email: 'problem.emailSame' } }),
  sample(emailView, () => ({ email: ana.email, canSend: false }), { as: 'where nothing is sent' }),
  sample(phoneView, ({ locale }) => ({ countries: countries(locale), country: 'DE', canSend: true }), {
    problems: { number: 'problem.phoneNumber' },
  }),
  sample(phoneView, ({ locale }) => ({ countries: countries(locale), country: 'GS', canSend: false }), {
    as: 'where nothing is sent',
    problems: { number: 'problem.phoneIsFactor' },
  }),
  sample(phoneView, ({ locale }) => ({ countries: countries(locale), country: 'DE', canSend: true }), {
    as: 'that would take the place of a verified one',
    problems: { number: 'problem.phoneUnproved' },
    values: { country: 'VC', number: '+1 784 430 1234', offer: 'unproved' },
  }),
  sample(phoneRemovalView, () => ({ number: '01512 3456789', factor: 'one' as const })),
  sample(phoneRemovalView, () => ({ number: '01512 3456789', factor: 'last' as const, passwordFirst: 15 }), {
    as: 'of somebody whose password is short',
  }),
  sample(contactCodeView, (): ContactCodeView => ({ base: mailPath, to: 'ana@new.example', state: 'lives' }), {
    problems: { code: 'contact.codeWrong' },
    notice: 'contact.sent',
  }),
  sample(contactCodeView, (): ContactCodeView => ({ base: phonePath, to: '01512 3456789', state: 'over' }), {
    as: 'over',
    problems: { form: 'contact.locked' },
  }),
  sample(contactCodeView, (): ContactCodeView => ({ base: mailPath, to: 'ana@new.example', state: 'elsewhere' }), {
    as: 'asked for elsewhere',
    problems: { form: 'contact.cantSend' },
  }),
  sample(
    contactCodeView,
    ({ say }): ContactCodeView => ({
      base: mailPath,
      to: '',
      state: 'refused',
      problem: say('problem.emailChangedMeanwhile'),
    }),
    { as: 'refused' },
  ),
  sample(undoEmailView, (): UndoEmailView => ({ ...undo, by: 'password', others: ['authenticator', 'recovery-code'] })),
  sample(
    undoEmailView,
    (): UndoEmailView => ({ ...undo, by: 'authenticator', others: ['password', 'recovery-code'] }),
    {
      as: 'with a code',
      problems: { code: 'problem.codeWrong' },
    },
  ),
  sample(undoEmailView, (): UndoEmailView => ({ ...undo, by: 'recovery-code', others: [] }), {
    as: 'with a recovery code',
    problems: { form: 'undo.locked' },
  }),
  sample(undoEmailView, (): UndoEmailView => ({ ...undo, by: undefined, others: [] }), { as: 'without a proof' }),
  sample(undoCodeView, () => ({ ended: false }), { problems: { code: 'undo.codeUnknown' } }),
  sample(undoCodeView, () => ({ ended: true }), { as: 'ended' }),
  sample(undoneView, () => ({})),

  sample(signInAndSecurityView, () => nothingSetUp),
  sample(
    signInAndSecurityView,
    ({ say }): SignInAndSecurityView => ({
      ...nothingSetUp,
      wait: say('signIn.wait', { time: '40 s' }),
      twoFactor: {
        isOn: true,
        isPasswordGuarded: false,
        isPasswordShort: false,
        isNeeded: false,
        methods: ['passkey', 'authenticator', 'text', 'email'],
        preferred: 'authenticator',
        authenticators: [
          { id: 'one', name: '', addedAt: now - 40 * day },
          { id: 'two', name: 'Pixel', addedAt: now - 3 * day, lastUsedAt: now - 7_200_000 },
        ],
        email: { to: 'a••@example.com', on: true, possible: true },
        text: { to: '+49 •••••• 78', on: true, possible: true },
        recoveryCodes: { left: 1, madeAt: now - 40 * day },
      },
      passkeys: [{ id: 'laptop', name: 'Laptop', createdAt: now - 40 * day }],
      browsers: [
        {
          id: 'b',
          name: say('message.deviceOn', { browser: 'Firefox', system: 'Windows' }),
          createdAt: now - 3 * day,
          expiresAt: now + 27 * day,
          isHere: true,
        },
      ],
    }),
    { as: 'with everything set up', problems: { currentPassword: 'problem.passwordWrong', form: 'problem.lastWayIn' } },
  ),
  sample(
    signInAndSecurityView,
    (): SignInAndSecurityView => ({
      ...nothingSetUp,
      passwordFirst: 15,
      twoFactor: {
        ...nothingSetUp.twoFactor,
        isOn: true,
        isPasswordGuarded: true,
        isPasswordShort: true,
        methods: ['authenticator'],
        preferred: 'authenticator',
        authenticators: [{ id: 'one', name: '', addedAt: now }],
        text: { to: '•••• 67', on: false, possible: false },
      },
    }),
    { as: 'with a short password', notice: 'twoFactor.added.authenticator' },
  ),

  sample(authenticatorView, () => ({})),
  sample(authenticatorView, () => ({ shown }), { as: 'begun', problems: { code: 'problem.codeWrong' } }),
  sample(switchOffView, () => ({})),
  sample(switchOffView, () => ({ passwordFirst: 15 }), { as: 'of somebody whose password is short' }),
  sample(newRecoveryCodesView, () => ({ codes })),
  sample(newPasskeyView, () => ({ options: '{}' })),
  sample(passkeyView, () => ({ passkey: { id: 'laptop', name: 'Laptop' } })),
  sample(notSignedInView, () => ({ returnTo: '/account', code: 'server_error' })),
  sample(signedOutView, () => ({})),
];
