import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';

import type { Config } from '../config/schema.ts';
import { createMailer, type Mailer } from './mailer.ts';
import { createTexter, type Texter } from './texter.ts';
import { waysOf } from './ways.ts';

export interface Senders {
  email: Mailer | 'outbox' | undefined;
  sms: Texter | 'outbox' | undefined;
}

/** Who takes the messages of each channel, as it is configured. Loads neither library yet. */
export function openSenders(config: Pick<Config, 'mode' | 'messages' | 'issuer' | 'outbound'>): Senders {
  const ways = waysOf(config);

  return {
    email: ways.email === 'outbox' ? 'outbox' : mailerOf(config),
    sms: ways.sms === 'outbox' ? 'outbox' : texterOf(config),
  };
}

/** Undefined where no mail server is configured. */
export function mailerOf({ messages, issuer, outbound }: Pick<Config, 'messages' | 'issuer' | 'outbound'>) {
  const { smtp, from, from_name, reply_to } = messages;
  const { host } = smtp;
  if (host === undefined || from === undefined) return undefined;

  const ca = outbound.trusted_ca_file;
  const authorities = ca === undefined ? undefined : [...getCACertificates('default'), readFileSync(ca)];

  return createMailer({ smtp: { ...smtp, host }, from, from_name, reply_to, issuer, authorities });
}

function texterOf({ messages: { sms } }: Pick<Config, 'messages'>): Texter | undefined {
  const { account_sid, auth_token } = sms;
  if (account_sid === undefined || auth_token === undefined) return undefined;

  return createTexter({ ...sms, account_sid, auth_token });
}
