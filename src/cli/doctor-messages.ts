import { missingFor } from '../config/checks-messages.ts';
import type { Config } from '../config/schema.ts';
import type { Services } from '../services.ts';
import type { Finding } from './finding.ts';

/** What the doctor says of e-mail and text messages: whether they can be sent, and whether they are. */

/** Milliseconds after which a message that still waits is worth a word. */
const patience = 15 * 60_000;
/** Of those, how many are looked at. */
const most = 1000;
const channels = ['email', 'sms'] as const;

/** Where development mode shows what it does not send; undefined where everything is sent or nothing is shown. */
export function outboxSentence({ mode, messages: { smtp, sms }, issuer }: Config): string | undefined {
  const mail = smtp.host === undefined;
  const texts = sms.account_sid === undefined;
  if (mode === 'production' || (!mail && !texts)) return undefined;

  const what = mail && texts ? 'E-mail and text messages are' : mail ? 'E-mail is' : 'Text messages are';

  return `${what} not sent, but shown at ${issuer}/dev/outbox.`;
}

/** Connects to the mail server and signs in; sends nothing. Text messages can't be tried without paying for one. */
export async function ways(config: Config): Promise<Finding[]> {
  const { smtp, sms } = config.messages;
  const outbox = outboxSentence(config);

  return [
    ...(outbox === undefined ? [] : [good(outbox)]),
    // For e-mail the configuration's advice says it already.
    ...(missingFor('sms', config).length > 0
      ? [good(`Text messages are off; they need ${missingFor('sms', config).join(', ')}.`)]
      : []),
    ...(smtp.host === undefined ? [] : [await mailServer(config)]),
    ...(sms.account_sid === undefined
      ? []
      : [good(`Text messages go to ${sms.countries.join(', ')}, at most ${sms.caps.per_day} a day.`)]),
  ];
}

async function mailServer(config: Config): Promise<Finding> {
  const { checkMailServer } = await import('../services.ts');
  const { host, port } = config.messages.smtp;
  const wrong = await checkMailServer(config);

  return wrong === undefined
    ? good(`${host}:${port} takes e-mail from us.`)
    : {
        area: 'mail',
        state: 'wrong',
        message: `${host}:${port} takes no e-mail from us: ${wrong}.`,
        mend: 'Check messages.smtp, and whether this machine reaches it.',
      };
}

/** Those that wait for long, and those that were given up in the last 30 days. */
export async function queued(services: Pick<Services, 'records' | 'clock' | 'messages'>): Promise<Finding[]> {
  const findings = await Promise.all(
    channels.map(async (channel) => [...(await waiting(channel, services)), ...(await givenUp(channel, services))]),
  );

  return [...findings.flat(), ...(await spent(services))];
}

/** Text messages that have switched themselves off. */
async function spent({ messages }: Pick<Services, 'messages'>): Promise<Finding[]> {
  if (!(await messages.areTextsSpent())) return [];

  return [
    {
      area: 'mail',
      state: 'warning',
      message: 'Today’s text messages are used up: they are off until midnight UTC.',
      mend: 'See who asks for them in the record of events; more a day: messages.sms.caps.per_day.',
    },
  ];
}

type Channel = (typeof channels)[number];

async function waiting(channel: Channel, { records, clock }: Pick<Services, 'records' | 'clock'>): Promise<Finding[]> {
  const { rows } = await records.messages.list('state', `queued ${channel}`, { limit: most });
  const late = rows.filter(({ createdAt }) => createdAt < clock.now() - patience);
  const error = late.find(({ lastError }) => lastError !== undefined)?.lastError;

  if (late.length === 0) return [];
  const why = error === undefined ? 'no server is running that sends them' : `the last try: ${error}`;

  return [worth(`Messages (${channel}) that wait for longer than 15 minutes: ${late.length}; ${why}.`)];
}

async function givenUp(channel: Channel, { records }: Pick<Services, 'records'>): Promise<Finding[]> {
  const { rows } = await records.messages.list('state', `failed ${channel}`, { limit: 1, descending: true });
  const [last] = rows;
  if (last === undefined) return [];

  const count = await records.messages.count('state', `failed ${channel}`);
  const at = new Date(last.nextAt).toISOString();

  return [
    worth(
      `Messages (${channel}) given up in the last 30 days: ${count}, the last at ${at}: ${last.lastError ?? 'unknown'}.`,
    ),
  ];
}

function worth(message: string): Finding {
  return { area: 'mail', state: 'warning', message, mend: 'See them with: gatehouse messages list' };
}

function good(message: string): Finding {
  return { area: 'mail', state: 'good', message };
}
