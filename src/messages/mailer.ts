import type { Config } from '../config/schema.ts';
import { addressOnTheWire, needsUtf8 } from './mail-address.ts';
import type { Outcome } from './queue.ts';
import { describeMailError, isPermanent } from './mail-errors.ts';
import type { WrittenMail } from './writing.ts';

/** Hands mail to the operator's server. Loads nodemailer when the first mail goes out. */
export interface Mailer {
  /** Never throws for what a server can do. `stop` ends it as long as the mail is still in our hands. */
  send(mail: WrittenMail, about: { id: string; to: string }, stop: AbortSignal): Promise<Outcome>;
  /** Connects, greets and signs in, and sends nothing. Undefined: all is well; else what is not. */
  check(): Promise<string | undefined>;
}

export interface MailerSettings extends Pick<Config['messages'], 'from_name' | 'reply_to'> {
  from: string;
  smtp: Config['messages']['smtp'] & { host: string };
  /** Names us to the server and in the names of mails. */
  issuer: string;
  /** Certificate authorities (PEM), where the built-in ones are not all. */
  authorities?: readonly (string | Buffer)[] | undefined;
  /** Milliseconds; tests have less of them. */
  patience?: Patience;
}

export interface Patience {
  /** For each: the name, the connection, the greeting. */
  step: number;
  /** For everything until the mail has been handed over. */
  talk: number;
  /** For the server's last word. It may have the mail already, so giving up early delivers it twice (RFC 5321 4.5.3.2.6). */
  lastWord: number;
}

const patienceOfAServer: Patience = { step: 10_000, talk: 30_000, lastWord: 600_000 };

export function createMailer(settings: MailerSettings): Mailer {
  const { from, from_name, reply_to, issuer, patience = patienceOfAServer } = settings;
  const hostname = new URL(issuer).hostname;
  const server = connection(settings, patience);

  /** One connection each: `heard` is told what nodemailer notes on the way. */
  async function open(differently: { socketTimeout?: number; transactionLog?: boolean }, heard?: Heard) {
    const { createTransport } = await import('nodemailer');

    return createTransport({ ...server, ...differently, ...(heard && { logger: listening(heard) }) });
  }

  /** A server that does not know these letters may make others of them, and so another address. */
  async function takesUtf8(): Promise<boolean> {
    let announced = false;
    const probe = await open({ socketTimeout: patience.step, transactionLog: true }, (_entry, line) => {
      // What was announced before TLS does not count.
      if (line.startsWith('EHLO ')) announced = false;
      if (/^250[- ]SMTPUTF8\b/im.test(line)) announced = true;
    });
    await probe.verify();

    return announced;
  }

  function envelopeAndContent(mail: WrittenMail, { id, to }: { id: string; to: string }) {
    return {
      // The same at every try: whoever gets it twice can tell.
      messageId: `<${id}@${hostname}>`,
      envelope: { from, to: [to] },
      from: { name: from_name, address: from },
      to: { name: '', address: to },
      ...(reply_to !== undefined && { replyTo: { name: from_name, address: reply_to } }),
      subject: mail.subject.replaceAll(/\p{Cc}+/gu, ' '),
      text: mail.text,
      html: mail.html,
      attachments: mail.logo
        ? [{ cid: 'logo', filename: 'logo', content: mail.logo.bytes, contentType: mail.logo.type }]
        : [],
      headers: {
        // RFC 3282
        'Content-Language': mail.locale,
        // RFC 3834 section 5: no vacation notice comes back.
        'Auto-Submitted': 'auto-generated',
        'X-Auto-Response-Suppress': 'All',
      },
      disableFileAccess: true,
      disableUrlAccess: true,
    };
  }

  return {
    async send(mail, { id, to }, stop) {
      const address = addressOnTheWire(to);
      if (address === undefined) return { kind: 'failed', error: 'this is no address that mail can be sent to' };

      const slow = new AbortController();
      const timer = setTimeout(() => slow.abort(), patience.talk);
      let isOut = false;

      try {
        if (needsUtf8(address) && !(await takesUtf8())) {
          return { kind: 'failed', error: 'the mail server takes no addresses in other letters (SMTPUTF8)' };
        }

        const transport = await open({}, ({ tnx }) => {
          if (tnx !== 'message') return;

          isOut = true;
          clearTimeout(timer);
        });
        const given = new AbortController();
        stop.addEventListener('abort', () => void (isOut || given.abort()), { once: true });
        if (stop.aborted) given.abort();
        const signal = AbortSignal.any([slow.signal, given.signal]);

        await transport.sendMail({ ...envelopeAndContent(mail, { id, to: address }), signal });

        return { kind: 'sent' };
      } catch (error) {
        if (stop.aborted && !isOut) return { kind: 'unsent' };
        const told = slow.signal.aborted ? 'the mail server is too slow' : describeMailError(error);

        return { kind: isPermanent(error) ? 'failed' : 'retry', error: told };
      } finally {
        clearTimeout(timer);
      }
    },

    async check() {
      try {
        await (await open({ socketTimeout: patience.step })).verify();
        return undefined;
      } catch (error) {
        return describeMailError(error);
      }
    },
  };
}

type Heard = (entry: { tnx?: string }, line: string) => void;

/** nodemailer tells by its log alone how far it is: `tnx: 'message'` when the whole of a mail has gone out. */
function listening(heard: Heard) {
  const hear = (entry: { tnx?: string }, ...words: unknown[]): void => heard(entry, words.map(String).join(' '));

  return { level() {}, trace: hear, debug: hear, info: hear, warn: hear, error: hear, fatal: hear };
}

/** How the server is reached. Without TLS only on this machine, which the configuration's checks hold. */
function connection({ smtp, issuer, authorities }: MailerSettings, { step, lastWord }: Patience) {
  const { host, port, security, user, password } = smtp;

  return {
    host,
    port,
    name: new URL(issuer).hostname,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    // Not signing in where the server offers no way to would send from nobody.
    ...(user !== undefined && { auth: { user, pass: password ?? '' }, forceAuth: true }),
    dnsTimeout: step,
    connectionTimeout: step,
    greetingTimeout: step,
    socketTimeout: lastWord,
    tls: { minVersion: 'TLSv1.2' as const, ...(authorities && { ca: [...authorities] }) },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
