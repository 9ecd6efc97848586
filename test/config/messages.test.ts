import { describe, expect, test } from '@jest/globals';

import { adviseConfig } from '../../src/config/checks.ts';
import { missingFor } from '../../src/config/checks-messages.ts';
import { printConfig } from '../../src/config/document.ts';
import { loaded, pathsOf, problemsOf, production } from './given.ts';

const smtp = { GATEHOUSE_MESSAGES_SMTP_HOST: 'smtp.example.com', GATEHOUSE_MESSAGES_FROM: 'id@example.com' };
const sms = {
  GATEHOUSE_MESSAGES_SMS_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
  GATEHOUSE_MESSAGES_SMS_AUTH_TOKEN: 'canary-token',
  GATEHOUSE_MESSAGES_SMS_FROM: '+14155550100',
  GATEHOUSE_MESSAGES_SMS_COUNTRIES: 'DE,AT',
};

const without = (given: Record<string, string>, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(given).filter(([variable]) => !variable.endsWith(name)));

describe('e-mail', () => {
  test('needs a server and an address to come from', () => {
    const { messages } = loaded({ env: { ...production, ...smtp } });

    expect(messages).toMatchObject({ from: 'id@example.com', from_name: 'Gatehouse' });
    expect(messages.smtp).toMatchObject({ host: 'smtp.example.com', port: 587, security: 'starttls' });
    expect(pathsOf({ env: without(smtp, 'FROM') })).toEqual(['messages.from']);
  });

  test('goes to port 465 where TLS is there from the start', () => {
    const env = { ...smtp, GATEHOUSE_MESSAGES_SMTP_SECURITY: 'tls' };

    expect(loaded({ env }).messages.smtp.port).toBe(465);
    expect(loaded({ env: { ...env, GATEHOUSE_MESSAGES_SMTP_PORT: '2465' } }).messages.smtp.port).toBe(2465);
  });

  test('is in the clear on this machine alone', () => {
    const env = { ...smtp, GATEHOUSE_MESSAGES_SMTP_SECURITY: 'none' };

    expect(pathsOf({ env })).toEqual(['messages.smtp.security']);
    for (const host of ['localhost', '127.0.0.1', '::1']) {
      expect(pathsOf({ env: { ...env, GATEHOUSE_MESSAGES_SMTP_HOST: host } })).toEqual([]);
    }
    for (const host of ['localhost.example.com', '10.0.0.1', '127.example.com']) {
      expect(pathsOf({ env: { ...env, GATEHOUSE_MESSAGES_SMTP_HOST: host } })).toEqual(['messages.smtp.security']);
    }
  });

  test('signs in with both halves or not at all', () => {
    const user = { GATEHOUSE_MESSAGES_SMTP_USER: 'gatehouse' };
    const password = { GATEHOUSE_MESSAGES_SMTP_PASSWORD: 'canary-password' };

    expect(pathsOf({ env: { ...smtp, ...user } })).toEqual(['messages.smtp.password']);
    expect(pathsOf({ env: { ...smtp, ...password } })).toEqual(['messages.smtp.user']);
    expect(pathsOf({ env: { ...user, ...password } })).toEqual(['messages.smtp.host']);
    expect(pathsOf({ env: { ...smtp, ...user, ...password } })).toEqual([]);
  });

  test.each(['"a b"@example.com', 'id@example.com, eve@example.net', 'Id <id@example.com>', 'id', 'id@exa mple.com'])(
    'does not come from %s',
    (from) => {
      expect(pathsOf({ env: { ...smtp, GATEHOUSE_MESSAGES_FROM: from } })).toEqual(['messages.from']);
      expect(pathsOf({ env: { ...smtp, GATEHOUSE_MESSAGES_REPLY_TO: from } })).toEqual(['messages.reply_to']);
    },
  );
});

describe('accounts that people make', () => {
  const allowed = { GATEHOUSE_REGISTRATION_ALLOWED: 'true' };

  test('need e-mail, and are refused by the names of what is missing', () => {
    const [problem] = problemsOf({ env: { ...production, ...allowed } });

    expect(problem?.message).toContain('without messages.smtp.host and messages.from');
    expect(pathsOf({ env: { ...production, ...allowed } })).toEqual(['registration.allowed']);
    expect(pathsOf({ env: { ...production, ...allowed, ...smtp } })).toEqual([]);
  });

  test('may be tried out in development, and are off unless wanted', () => {
    expect(loaded({ env: allowed }).registration.allowed).toBe(true);
    expect(loaded({ env: {} }).registration.allowed).toBe(false);
  });
});

describe('text messages', () => {
  test('need everything that sending takes, and the countries (S99)', () => {
    expect(loaded({ env: { ...production, ...sms } }).messages.sms).toMatchObject({
      countries: ['DE', 'AT'],
      api_url: 'https://api.twilio.com',
      caps: { per_number: 5, per_address: 10, per_prefix: 20, per_day: 200 },
    });

    expect(pathsOf({ env: without(sms, 'ACCOUNT_SID') })).toEqual(['messages.sms.account_sid']);
    expect(pathsOf({ env: without(sms, 'AUTH_TOKEN') })).toEqual(['messages.sms.auth_token']);
    expect(pathsOf({ env: without(sms, 'FROM') })).toEqual(['messages.sms.from']);
    expect(pathsOf({ env: without(sms, 'COUNTRIES') })).toEqual(['messages.sms.countries']);
    expect(problemsOf({ env: without(sms, 'COUNTRIES') })[0]?.mend).toContain('[DE, AT]');
  });

  test('may come from a messaging service instead of a number', () => {
    const service = { GATEHOUSE_MESSAGES_SMS_MESSAGING_SERVICE_SID: `MG${'0'.repeat(32)}` };

    expect(pathsOf({ env: { ...without(sms, 'FROM'), ...service } })).toEqual([]);
  });

  test.each(['de', 'UK', 'XX', 'Germany', '+49', 'D'])('%s is no country', (country) => {
    expect(pathsOf({ env: { ...sms, GATEHOUSE_MESSAGES_SMS_COUNTRIES: country } })).toEqual([
      'messages.sms.countries[0]',
    ]);
  });

  test.each(['http://api.twilio.com', 'https://api.twilio.com/', 'https://user:word@api.twilio.com', 'api.twilio.com'])(
    'are not asked for at %s, where the auth token would go',
    (url) => {
      expect(pathsOf({ env: { ...sms, GATEHOUSE_MESSAGES_SMS_API_URL: url } })).toEqual(['messages.sms.api_url']);
    },
  );
});

test('what production can’t send is named by the settings that are missing, and advised at the start', () => {
  const bare = loaded({ env: production });

  expect(missingFor('email', bare)).toEqual(['messages.smtp.host', 'messages.from']);
  expect(missingFor('sms', bare)).toContain('messages.sms.countries');
  expect(adviseConfig(bare).map(({ path }) => path)).toContain('messages.smtp.host');

  const whole = loaded({ env: { ...production, ...smtp, ...sms } });
  expect([...missingFor('email', whole), ...missingFor('sms', whole)]).toEqual([]);
  expect(adviseConfig(whole).map(({ path }) => path)).not.toContain('messages.smtp.host');
  expect([...missingFor('email', loaded()), ...missingFor('sms', loaded())]).toEqual([]);
});

test('S112: the printed configuration holds neither the password nor the token', () => {
  const env = {
    ...production,
    ...smtp,
    ...sms,
    GATEHOUSE_MESSAGES_SMTP_USER: 'gatehouse',
    GATEHOUSE_MESSAGES_SMTP_PASSWORD: 'canary-password',
  };
  const printed = printConfig(loaded({ env }));

  expect(printed).toContain('smtp.example.com');
  expect(printed).not.toContain('canary');
});
