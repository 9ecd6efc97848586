import type { Message } from '../domain/message.ts';
import type { Services } from '../services.ts';
import { exitCodes, type Command } from './command.ts';
import { printJson, table } from './print.ts';

/** `messages list`: what waits to be sent and what was given up. To whom and what is in it stands nowhere. */
const groups = ['queued', 'failed'].flatMap((state) => ['email', 'sms'].map((channel) => `${state} ${channel}`));
/** Of each group, the newest. */
const most = 200;

export const messagesList: Command = {
  words: 'messages list',
  summary: 'lists e-mail and text messages that wait, or were given up in the last 30 days',
  usage: '[--json]',
  options: { json: { type: 'boolean' } },
  positionals: { least: 0, most: 0 },
  onExisting: true,
  async run({ io, values, services }) {
    const messages = await listed(await services());

    if (values['json'] === true) {
      printJson(io, messages.map(document));
    } else {
      const cells = messages.map((message) => Object.values(document(message)).map(String));
      io.out(table([['CREATED', 'CHANNEL', 'TEMPLATE', 'STATE', 'TRIES', 'NEXT OR LAST', 'ERROR'], ...cells]));
    }

    return exitCodes.ok;
  },
};

async function listed({ records }: Services): Promise<Message[]> {
  const pages = await Promise.all(
    groups.map((group) => records.messages.list('state', group, { limit: most, descending: true })),
  );

  return pages.flatMap(({ rows }) => rows).toSorted((a, b) => b.createdAt - a.createdAt);
}

function document({ channel, template, state, attempts, createdAt, nextAt, lastError = '' }: Message) {
  return {
    created: new Date(createdAt).toISOString(),
    channel,
    template,
    state,
    tries: attempts,
    at: new Date(nextAt).toISOString(),
    error: lastError,
  };
}
