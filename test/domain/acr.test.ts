import { describe, expect, test } from '@jest/globals';

import {
  acrOneFactor,
  acrTwoFactors,
  provenBy,
  strengthOf,
  strongestEnrolled,
  type Proven,
} from '../../src/domain/acr.ts';
import type { Method } from '../../src/domain/factors.ts';

describe('what acr and amr say', () => {
  test.each<[Proven[], string, string[], number]>([
    [['password'], acrOneFactor, ['pwd'], 1],
    [['password', 'authenticator'], acrTwoFactors, ['pwd', 'otp', 'mfa'], 3],
    [['password', 'text'], acrTwoFactors, ['pwd', 'sms', 'mfa'], 3],
    [['password', 'recovery-code'], acrTwoFactors, ['pwd', 'otp', 'mfa'], 3],
    [['device-passkey'], acrTwoFactors, ['hwk', 'user', 'mfa'], 3],
    [['synced-passkey'], acrTwoFactors, ['swk', 'user', 'mfa'], 3],
    [['password', 'synced-passkey'], acrTwoFactors, ['pwd', 'swk', 'user', 'mfa'], 3],
    [['password', 'email', 'authenticator'], acrTwoFactors, ['pwd', 'otp', 'mfa'], 3],
  ])('%j', (proven, acr, amr, strength) => {
    expect(provenBy(proven)).toEqual({ acr, amr, strength });
    expect(strengthOf({ acr, amr })).toBe(strength);
  });

  test.each<[Proven[], string[], number]>([
    [['password', 'email'], ['pwd', 'otp'], 2],
    [['email'], ['otp'], 1],
    [['email', 'email'], ['otp'], 1],
    [['password', 'email', 'email'], ['pwd', 'otp'], 2],
    [['password', 'password'], ['pwd'], 1],
    [['authenticator', 'text'], ['otp', 'sms'], 1],
    [['email', 'authenticator'], ['otp'], 1],
    [['authenticator', 'recovery-code'], ['otp'], 1],
  ])('S83: no two factors are %j', (proven, amr, strength) => {
    expect(provenBy(proven)).toEqual({ acr: acrOneFactor, amr, strength });
    expect(strengthOf({ acr: acrOneFactor, amr })).toBe(strength);
  });

  test('nothing was proved: nothing is said', () => {
    expect(() => provenBy([])).toThrow(TypeError);
  });
});

describe('S96: the strongest that is enrolled', () => {
  test.each<[Method[], number, Method[]]>([
    [[], 1, []],
    [['email'], 2, ['email']],
    [['text', 'email'], 3, ['text']],
    [['authenticator', 'email'], 3, ['authenticator']],
    [['passkey', 'authenticator', 'text', 'email'], 3, ['passkey', 'authenticator', 'text']],
    [['passkey'], 3, ['passkey']],
  ])('of %j', (methods, strength, reaching) => {
    expect(strongestEnrolled(methods)).toEqual({ strength, methods: reaching });
  });
});
