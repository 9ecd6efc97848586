import { consentView } from '../../src/consent/index.ts';
import type { ConsentItem } from '../../src/domain/consent-items.ts';
import { itemInWords, timeInWords } from '../../src/domain/consent-words.ts';
import { waitInWords } from '../../src/domain/duration.ts';
import {
  deviceAnsweredView,
  deviceAskedView,
  deviceEndedView,
  deviceFactorView,
  deviceView,
} from '../../src/sign-in/device.ts';
import { endedView } from '../../src/sign-in/ended.ts';
import { pickerView } from '../../src/sign-in/picker.ts';
import { secondFactorView, type Asked } from '../../src/sign-in/second-factor.ts';
import { recoveryCodesView, setUpView } from '../../src/sign-in/set-up.ts';
import { setupClosedView, setupView } from '../../src/sign-in/setup.ts';
import { registerCodeView, registerView } from '../../src/sign-in/register.ts';
import { signInView } from '../../src/sign-in/sign-in.ts';
import { verifyEmailView } from '../../src/sign-in/verify-email.ts';
import * as asked from '../consent/page.ts';
import { ana, payroll, uid, wiki } from '../support/interactions.ts';
import { codes, shown } from './account.ts';
import { day, sample, type Sample, type Told } from './sample.ts';

const onThisComputer = { ...wiki, host: 'localhost:4711', onThisComputer: true, impersonable: true };
const signIn = {
  uid,
  client: wiki,
  forAccount: false,
  email: '',
  another: false,
  passkey: '{}',
  mayRegister: true,
  mayRefuse: true,
  mayRecover: true,
};
const newcomer = {
  uid,
  client: wiki,
  forAccount: false,
  email: ana.email,
  displayName: 'Ana',
  minimumLength: 15,
  maximumLength: 256,
  mayRefuse: true,
};
const mailed = { uid, email: ana.email, mayRefuse: true, clientName: 'Wiki' };
const secondFactor = { uid, client: wiki, email: ana.email, others: [], mayRemember: true, mayRefuse: true };
const everyWay: readonly Asked[] = ['passkey', 'authenticator', 'text', 'email', 'recovery-code'];
const reasons = ['expired', 'finished', 'elsewhere'] as const;

const everything: readonly ConsentItem[] = [
  asked.openid,
  asked.profile,
  { ...asked.email, allowed: true },
  asked.item('scope:phone'),
  asked.item('scope:address'),
  asked.item('scope:groups'),
  asked.item('claim:birthdate', { claim: 'birthdate' }),
  asked.files,
];

function consent({ say, locale }: Told) {
  const words = (item: ConsentItem) => itemInWords(item, locale, { away: 90 * (day / 1000) });

  return {
    uid,
    account: ana,
    items: everything.map(words),
    offline: words(asked.offline),
    lasts: say('consent.lasts', { time: timeInWords(30 * (day / 1000), locale) }),
    mayRefuse: true,
  };
}

export const signInSamples: readonly Sample[] = [
  sample(signInView, () => signIn),
  sample(signInView, () => ({ ...signIn, client: payroll, forAccount: true, mayRefuse: false }), {
    as: 'the console',
    notice: 'closing.elsewhereClosed',
  }),
  sample(
    signInView,
    ({ say, locale }) => ({
      ...signIn,
      client: onThisComputer,
      wait: say('signIn.wait', { time: waitInWords(90, locale) }),
    }),
    { as: 'with problems', problems: { email: 'signIn.emailMissing', password: 'signIn.wrong' } },
  ),
  sample(signInView, () => ({ ...signIn, email: ana.email, again: { email: ana.email } }), { as: 'again' }),
  sample(signInView, () => ({ ...signIn, forAccount: true, again: { email: ana.email } }), {
    as: 'again for the console',
    notice: 'setup.done',
  }),
  sample(registerView, () => ({ ...newcomer, terms: 'https://example.com/t', privacy: 'https://example.com/p' })),
  sample(
    registerView,
    ({ say, locale }) => ({ ...newcomer, wait: say('register.wait', { time: waitInWords(3600, locale) }) }),
    {
      as: 'with problems',
      problems: { email: 'problem.email', displayName: 'problem.required', password: 'register.passwordMissing' },
    },
  ),
  sample(registerCodeView, () => mailed),
  sample(
    registerCodeView,
    ({ say, locale }) => ({ ...mailed, wait: say('secondFactor.wait', { time: waitInWords(90, locale) }) }),
    { as: 'with problems', problems: { code: 'problem.codeWrong' }, notice: 'secondFactor.sent' },
  ),
  sample(verifyEmailView, () => ({ ...mailed, waiting: true, optional: true })),
  sample(verifyEmailView, () => ({ ...mailed, waiting: false, optional: false }), { as: 'before a code is sent' }),
  sample(pickerView, () => ({ uid, client: wiki, account: ana, mayRefuse: true })),

  ...everyWay.map((method) =>
    sample(
      secondFactorView,
      () => ({
        ...secondFactor,
        method,
        waiting: method === 'text',
        others: everyWay.filter((one) => one !== method),
        sentTo: method === 'text' ? '+49 •••••• 78' : 'a••@example.com',
        options: '{}',
      }),
      { as: method, ...(method === 'recovery-code' && { problems: { code: 'secondFactor.recoveryWrong' } }) },
    ),
  ),

  sample(setUpView, () => ({ uid, email: ana.email, options: '{}', mayRefuse: true, clientName: 'Wiki' })),
  sample(
    setUpView,
    () => ({ uid, email: ana.email, options: '{}', mayRefuse: false, clientName: 'Wiki', authenticator: shown }),
    { as: 'begun', problems: { code: 'problem.codeWrong' } },
  ),
  sample(recoveryCodesView, () => ({ uid, email: ana.email, codes })),

  ...reasons.map((why) =>
    sample(endedView, () => ({ uid, why, client: wiki, restartable: why !== 'finished' }), { as: why }),
  ),

  sample(setupView, () => ({ token: 't', minimumLength: 15 })),
  sample(setupView, () => ({ token: 't', minimumLength: 15 }), {
    as: 'with problems',
    problems: { email: 'problem.emailTaken', password: 'problem.passwordCommon' },
  }),
  sample(setupClosedView, () => ({})),

  sample(consentView, (told) => ({ ...consent(told), client: wiki }), { titleValues: { client: 'Wiki' } }),
  sample(consentView, (told) => ({ ...consent(told), client: onThisComputer }), {
    as: 'on this computer',
    titleValues: { client: 'Wiki' },
  }),

  sample(deviceView, () => ({ code: '' }), { as: 'with problems', problems: { user_code: 'device.unknownHow' } }),
  sample(deviceView, () => ({ code: 'WDJB-MJHT' }), { as: 'filled in by a link' }),
  sample(
    deviceAskedView,
    ({ say, locale, now }) => ({
      step: 'step',
      client: wiki,
      site: 'wiki.example.net',
      account: ana,
      code: 'WDJB-MJHT',
      device: say('message.deviceUnknown'),
      ip: '2001:db8:4:7:aaaa:bbbb:cccc:21',
      askedAt: now - 60_000,
      items: everything.map((item) => itemInWords(item, locale, { away: 90 * (day / 1000) })),
    }),
    { titleValues: { client: 'Wiki' } },
  ),
  sample(
    deviceAnsweredView,
    () => ({ answered: 'allowed' as const, client: wiki, endPath: '/account/devices/offline/grant' }),
    { notice: 'device.refusedTooLate' },
  ),
  sample(deviceAnsweredView, () => ({ answered: 'refused' as const, client: wiki }), {
    as: 'refused',
    notice: 'device.allowedTooLate',
  }),
  ...(['unknown', 'expired', 'used'] as const).map((why) =>
    sample(deviceEndedView, () => ({ why }), { as: why, onlyWords: why !== 'unknown' }),
  ),
  sample(deviceFactorView, () => ({ client: wiki })),
];
