import { isLoopback } from './addresses.ts';
import type { Problem } from './problems.ts';
import type { Config } from './schema.ts';

// What is missing or contradicts itself between the settings of e-mail and text messages. Half of what a channel needs is
// refused at the start: nobody should find out from people who wait for a code.

type Given = Pick<Config, 'mode' | 'messages'>;
type Whole = Given & Pick<Config, 'registration'>;

function missing(path: string, why: string, mend = 'Set it.'): Problem {
  return { path, message: `${path} must be set: ${why}.`, mend };
}

function smtpProblems({ from, smtp }: Config['messages']): Problem[] {
  const { host, user, password, security } = smtp;
  const problems: Problem[] = [];

  if (host !== undefined && from === undefined) {
    problems.push(missing('messages.from', 'it is whom e-mail comes from'));
  }
  if (host === undefined && (user !== undefined || password !== undefined)) {
    problems.push(missing('messages.smtp.host', 'there is a sign-in for it', 'Set it, or leave the sign-in out.'));
  }
  if (user !== undefined && password === undefined) {
    problems.push(missing('messages.smtp.password', 'messages.smtp.user is', 'Set it, or leave the user out.'));
  }
  if (user === undefined && password !== undefined) {
    problems.push(missing('messages.smtp.user', 'messages.smtp.password is', 'Set it, or leave the password out.'));
  }
  if (security === 'none' && host !== undefined && !isLoopback(host) && host !== '::1') {
    const path = 'messages.smtp.security';
    const message = `${path} must not be none while messages.smtp.host is ${host}: codes would travel in the clear.`;
    problems.push({ path, message, mend: 'Write starttls or tls; none is for a server on this machine.' });
  }

  return problems;
}

function smsProblems({ sms }: Config['messages']): Problem[] {
  const { account_sid, auth_token, from, messaging_service_sid: service, countries } = sms;
  if ([account_sid, auth_token, from, service].every((value) => value === undefined)) return [];

  const problems: Problem[] = [];
  const off = 'text messages are set up, and can’t be sent without it';

  if (account_sid === undefined) problems.push(missing('messages.sms.account_sid', off));
  if (auth_token === undefined) problems.push(missing('messages.sms.auth_token', off));
  if (from === undefined && service === undefined) {
    problems.push(missing('messages.sms.from', off, 'Set it, or messages.sms.messaging_service_sid.'));
  }
  if (countries.length === 0) {
    const why = 'it names the only countries that get text messages, each of which a stranger can make you pay for';
    problems.push(missing('messages.sms.countries', why, 'List your people’s countries, such as [DE, AT].'));
  }

  return problems;
}

export function messageProblems(config: Whole): Problem[] {
  return [...smtpProblems(config.messages), ...smsProblems(config.messages), ...registrationProblems(config)];
}

function registrationProblems({ registration, ...config }: Whole): Problem[] {
  const needed = missingFor('email', config);
  if (!registration.allowed || needed.length === 0) return [];

  const message = `registration.allowed must not be true without ${needed.join(' and ')}: nobody could prove an address.`;
  return [{ path: 'registration.allowed', message, mend: 'Name your mail server, or leave it out.' }];
}

/**
 * The settings without which production sends no e-mail, or no text messages; none where it is sent, or development mode
 * shows it. Whatever needs a channel is refused by naming these.
 */
export function missingFor(channel: 'email' | 'sms', { mode, messages }: Given): string[] {
  if (mode === 'development') return [];
  if (channel === 'email') {
    return messages.smtp.host === undefined ? ['messages.smtp.host', 'messages.from'] : [];
  }

  return messages.sms.account_sid === undefined
    ? ['messages.sms.account_sid', 'messages.sms.auth_token', 'messages.sms.from', 'messages.sms.countries']
    : [];
}

/** Works, but is hardly meant: an installation whose people are told of nothing. */
export function adviseMessages(config: Given): Problem[] {
  const [path] = missingFor('email', config);
  if (path === undefined) return [];

  const message = `${path} is not set: no e-mail is sent, so nobody is told what happens to their account, and whatever needs a code by e-mail is off.`;
  return [{ path, message, mend: 'Name your mail server, and messages.from.' }];
}
