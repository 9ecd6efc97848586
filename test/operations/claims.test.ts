import { describe, expect, test } from '@jest/globals';

import { readNewAccount } from '../../src/operations/account-input.ts';

const email = 'ada@example.com';

const read = (claims: object) => {
  const result = readNewAccount({ email, claims });

  return result.ok ? result.value : result.problems.map(({ path, key }) => `${path} ${key}`);
};

test('every standard claim of OpenID Connect Core 5.1 can be given under its own name', () => {
  expect(
    read({
      name: 'Ada King',
      given_name: 'Augusta',
      family_name: 'King',
      middle_name: 'Ada',
      nickname: 'Countess',
      preferred_username: 'ada',
      profile: 'https://example.com/ada',
      picture: 'https://example.com/ada.jpg',
      website: 'http://ada.example/',
      email: 'ADA@example.com',
      email_verified: true,
      gender: 'female',
      birthdate: '1815-12-10',
      zoneinfo: 'Europe/London',
      locale: 'de-AT',
      phone_number: '+44 20 7946 0958',
      phone_number_verified: true,
      address: {
        formatted: '12 St James’s Square\nLondon',
        country: 'UK',
        postal_code: 'SW1Y 4JH',
        locality: 'London',
        region: 'Greater London',
        street_address: '12 St James’s Square',
      },
    }),
  ).toEqual({
    email,
    emailKey: email,
    emailVerified: true,
    displayName: 'Ada King',
    firstName: 'Augusta',
    lastName: 'King',
    task: '',
    locale: 'de',
    phone: { number: '+442079460958', verified: true },
    claims: {
      middle_name: 'Ada',
      nickname: 'Countess',
      preferred_username: 'ada',
      profile: 'https://example.com/ada',
      picture: 'https://example.com/ada.jpg',
      website: 'http://ada.example/',
      gender: 'female',
      birthdate: '1815-12-10',
      zoneinfo: 'Europe/London',
      address: expect.objectContaining({ formatted: '12 St James’s Square\nLondon', country: 'UK' }),
    },
  });
});

describe('a claim of the wrong form is refused with its path', () => {
  test.each([
    [{ birthdate: '10.12.1815' }, 'claims.birthdate problem.birthdate'],
    [{ birthdate: '1815-02-30' }, 'claims.birthdate problem.birthdate'],
    [{ zoneinfo: 'Atlantis/Capital' }, 'claims.zoneinfo problem.zoneinfo'],
    [{ locale: 'tlh' }, 'claims.locale problem.notOneOf'],
    [{ phone_number: '020 7946 0958' }, 'claims.phone_number problem.phone'],
    [{ website: 'ada.example' }, 'claims.website problem.webAddress'],
    [{ address: 'London' }, 'claims.address problem.notObject'],
    [{ address: { town: 'London', country: 'UK' } }, 'claims.address.town problem.unknown'],
    [{ address: { country: 1 } }, 'claims.address.country problem.notText'],
    [{ address: {} }, 'claims.address problem.required'],
    [{ email_verified: 'yes' }, 'claims.email_verified problem.notBoolean'],
    [{ email: 'eve@example.com' }, 'claims.email problem.setByService'],
    [{ sub: '1' }, 'claims.sub problem.setByService'],
    [{ updated_at: 1 }, 'claims.updated_at problem.setByService'],
    [{ nick_name: 'x' }, 'claims.nick_name problem.unknownNearest'],
  ])('%j', (claims, problem) => {
    expect(read(claims)).toEqual([problem]);
  });

  test.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'https://ada.example/\njavascript:',
  ])('S52: %j is no address of a picture, profile or website', (address) => {
    expect(read({ picture: address, profile: address, website: address })).toEqual(
      ['profile', 'picture', 'website'].map((name) => `claims.${name} problem.webAddress`),
    );
  });
});

test.each(['1815-12-10', '0000-02-29', '1815'])('birthdate %s', (birthdate) => {
  expect(read({ birthdate })).toMatchObject({ claims: { birthdate } });
});

test('S111: what is no object, or says too much of itself, is refused and changes nothing', () => {
  for (const input of [null, [], 'x', 7, { email: { $ne: null } }, { email: ['a@b.c'] }]) {
    expect(readNewAccount(input).ok).toBe(false);
  }

  expect(readNewAccount(JSON.parse(`{"email":"${email}","__proto__":{"roles":["admin"]}}`)).ok).toBe(false);
  expect(Object.prototype).not.toHaveProperty('roles');
});
