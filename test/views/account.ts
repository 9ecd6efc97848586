import { authenticatorView, switchOffView } from '../../src/account/two-factor.ts';
import { newPasskeyView, passkeyView } from '../../src/account/passkeys.ts';
import { newRecoveryCodesView } from '../../src/account/security-places.ts';
import { notSignedInView, signedOutView } from '../../src/account/session.ts';
import { signInAndSecurityView, type SignInAndSecurityView } from '../../src/account/sign-in-and-security.ts';
import { ana } from '../support/interactions.ts';
import { day, now, sample, type Sample } from './sample.ts';

export const shown = {
  qr: { size: 21, path: 'M1 1h7v7h-7z' },
  secret: 'JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP',
  url: 'otpauth://totp/Northwind%20ID:ana%40example.com?secret=JBSWY3DPEHPK3PXP',
};

export const codes = ['7QK4-M2XD-9PVT-H3RW', 'B8ZN-4YGC-2KJF-T6QS', 'W5HX-9DMP-3VBN-K7RC'];

const nothingSetUp = {
  email: ana.email,
  length: { minimum: 15, maximum: 256 },
  everywhere: true,
  twoFactor: {
    isOn: false,
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
  sample(signInAndSecurityView, () => nothingSetUp),
  sample(
    signInAndSecurityView,
    ({ say }): SignInAndSecurityView => ({
      ...nothingSetUp,
      wait: say('signIn.wait', { time: '40 s' }),
      twoFactor: {
        isOn: true,
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
        },
      ],
    }),
    { as: 'with everything set up', problems: { currentPassword: 'problem.passwordWrong', form: 'problem.lastWayIn' } },
  ),

  sample(authenticatorView, () => ({})),
  sample(authenticatorView, () => ({ shown }), { as: 'begun', problems: { code: 'problem.codeWrong' } }),
  sample(switchOffView, () => ({})),
  sample(newRecoveryCodesView, () => ({ codes })),
  sample(newPasskeyView, () => ({ options: '{}' })),
  sample(passkeyView, () => ({ passkey: { id: 'laptop', name: 'Laptop' } })),
  sample(notSignedInView, () => ({ returnTo: '/account', code: 'server_error' })),
  sample(signedOutView, () => ({})),
];
