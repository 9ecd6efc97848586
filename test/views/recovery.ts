import { waitInWords } from '../../src/domain/duration.ts';
import { invitationCodeView, invitationEndedView, invitationView } from '../../src/sign-in/invitation.ts';
import { mailboxView } from '../../src/sign-in/mailbox.ts';
import {
  forgotPasswordView,
  recoveryCodeView,
  recoverySentView,
  resetEndedView,
  resetPasswordView,
} from '../../src/sign-in/recover.ts';
import { shutView } from '../../src/sign-in/shut.ts';
import { wasntMeCodeView, wasntMeDoneView, wasntMeEndedView, wasntMeView } from '../../src/sign-in/wasnt-me.ts';
import { ana, uid, wiki } from '../support/interactions.ts';
import { day, now, sample, type Sample } from './sample.ts';

const { email } = ana;
const passkey = { what: 'secondFactor.passkey', name: 'Blue key', at: day } as const;
const app = { what: 'secondFactor.authenticator', at: day } as const;
const codes = { what: 'recoveryCodes.row', at: day } as const;
const reset = { token: 't', email, names: [ana.displayName], minimumLength: 15 };

export const recoverySamples: readonly Sample[] = [
  sample(forgotPasswordView, () => ({ uid, email, possible: true })),
  sample(forgotPasswordView, () => ({ email: '', possible: true }), {
    as: 'with problems',
    problems: { email: 'problem.email', form: 'recover.tooMany' },
  }),
  sample(forgotPasswordView, () => ({ email: '', possible: false }), { as: 'without mail' }),
  sample(recoverySentView, () => ({ uid, email, typed: 'v1.k.sealed' })),
  sample(recoveryCodeView, () => ({}), { problems: { code: 'recover.codeWrong' } }),
  sample(resetPasswordView, () => reset),
  sample(resetPasswordView, () => reset, {
    as: 'with problems',
    problems: { newPassword: 'problem.passwordPersonal', confirmPassword: 'account.passwordDiffers' },
  }),
  sample(resetEndedView, () => ({})),

  sample(invitationView, () => reset),
  sample(invitationView, () => reset, { as: 'with problems', problems: { newPassword: 'problem.passwordCommon' } }),
  sample(invitationCodeView, () => ({}), { problems: { code: 'recover.codeWrong' } }),
  sample(invitationEndedView, () => ({})),
  sample(shutView, () => ({
    uid,
    client: wiki,
    email,
    reason: 'Your laptop was reported stolen.',
    until: now + day,
    mayRefuse: true,
  })),

  sample(mailboxView, () => ({ uid, email, waiting: false }), { notice: 'recover.done' }),
  sample(
    mailboxView,
    ({ say, locale }) => ({ uid, email, waiting: true, wait: say('mailbox.wait', { time: waitInWords(90, locale) }) }),
    { as: 'sent', problems: { code: 'problem.codeWrong' }, values: { email }, notice: 'mailbox.proved' },
  ),

  sample(wasntMeView, () => ({ token: 't', email, keys: '' })),
  sample(wasntMeView, () => ({ token: 't', email, added: passkey, keys: 'Backup (gthk_4fQz9K…)' }), {
    as: 'about a factor',
  }),
  sample(wasntMeCodeView, () => ({})),
  sample(wasntMeDoneView, () => ({ sentTo: email, keys: '', others: [] })),
  sample(
    wasntMeDoneView,
    () => ({ sentTo: email, removed: passkey, keys: 'Backup (gthk_4fQz9K…)', others: [app, codes] }),
    { as: 'about a factor' },
  ),
  sample(wasntMeDoneView, () => ({ removed: passkey, keys: '', others: [] }), { as: 'with another address' }),
  sample(wasntMeEndedView, () => ({})),
];
