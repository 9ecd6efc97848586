import { readFile } from 'node:fs/promises';

import { clientDocument } from '../operations/client-document.ts';
import { clientKinds as kinds, type ClientKind } from '../operations/clients.ts';
import type { By } from '../operations/problems.ts';
import { labelOf } from '../services-stores.ts';
import { exitCodes, Usage, type Call, type Command } from './command.ts';
import { fail, finish, printJson, table } from './print.ts';

/** `client create`, `list`, `show`, `disable`, `enable` and `delete`. */
const operator: By = { actor: 'command-line' };

export const clientCreate: Command = {
  words: 'client create',
  summary: 'registers an app; prints its client_id and, this once, its secret',
  usage:
    '(--json FILE|- | --kind web|spa|native|machine|device|api --name NAME [--redirect-uri URI …] [--post-logout-redirect-uri URI …] [--resource URI …]) [--first-party]',
  details: `
  --kind KIND      web: an app with a server. spa: one that runs in the browser.
                   native: one on a phone or computer. machine: one without people.
                   device: one on a television, a printer, a terminal, that shows a code (RFC 8628).
                   api: one that takes tokens and asks about them (RFC 7662).
  --name NAME      what people see
  --redirect-uri   where the app gets its answer; give it once for each address
  --post-logout-redirect-uri  where people go after signing out
  --resource       an API of the configuration that it may ask tokens for
  --first-party    it is yours: people are not asked for consent
  --json FILE      all of that and more as RFC 7591 metadata; - reads standard input

  gatehouse client create --kind web --name Wiki --redirect-uri https://wiki.example.net/callback
`,
  options: {
    json: { type: 'string' },
    kind: { type: 'string' },
    name: { type: 'string' },
    'redirect-uri': { type: 'string', multiple: true },
    'post-logout-redirect-uri': { type: 'string', multiple: true },
    resource: { type: 'string', multiple: true },
    'first-party': { type: 'boolean' },
  },
  positionals: { least: 0, most: 0 },
  async run(call) {
    const kind = kindOf(call.values['kind']);
    const metadata = await metadataFrom(call);
    const { clients, config } = await call.services();

    return finish(call.io, await clients.create(metadata, operator, { kind }), ({ client, secret }) => {
      printJson(call.io, clientDocument(client, secret));
      call.io.err(
        `Registered at ${config.issuer} (records: ${labelOf(config)}).${secret === undefined ? '' : ' The secret is not shown again.'}\n`,
      );
    });
  },
};

export const clientList: Command = {
  words: 'client list',
  summary: 'lists the registered apps',
  usage: '[--json]',
  options: { json: { type: 'boolean' } },
  positionals: { least: 0, most: 0 },
  onExisting: true,
  async run({ io, values, services }) {
    const { clients } = await services();
    const rows = [];
    let after: string | undefined;

    do {
      const page = await clients.list({ limit: 1000, ...(after === undefined ? {} : { after }) });
      rows.push(...page.rows);
      after = page.next;
    } while (after !== undefined);

    if (values['json'] === true) {
      printJson(
        io,
        rows.map((client) => clientDocument(client)),
      );
    } else {
      const cells = rows.map((client) => [
        client.id,
        client.metadata.client_name,
        client.disabled ? 'disabled' : 'enabled',
      ]);
      io.out(table([['CLIENT ID', 'NAME', 'STATE'], ...cells]));
    }

    return exitCodes.ok;
  },
};

export const clientShow = onClient('show', 'shows one app as JSON, without its secret', async (call, id) => {
  const { clients } = await call.services();
  const client = await clients.show(id);

  if (client) printJson(call.io, clientDocument(client));

  return client !== undefined;
});

export const clientDisable = onClient(
  'disable',
  'stops an app at once: no sign-in, and its tokens answer no more',
  async (call, id) => {
    const { clients } = await call.services();

    return (await clients.disable(id, operator)) !== undefined;
  },
);

export const clientEnable = onClient('enable', 'lets a disabled app go on', async (call, id) => {
  const { clients } = await call.services();

  return (await clients.enable(id, operator)) !== undefined;
});

export const clientDelete = onClient(
  'delete',
  'removes an app with its grants, tokens and consents',
  async (call, id) => {
    const { clients } = await call.services();

    return clients.delete(id, operator);
  },
);

/** A command on one client; `run` answers whether there is one. */
function onClient(verb: string, summary: string, run: (call: Call, id: string) => Promise<boolean>): Command {
  return {
    words: `client ${verb}`,
    summary,
    usage: 'CLIENT_ID',
    options: {},
    positionals: { least: 1, most: 1 },
    onExisting: true,
    async run(call) {
      const [id = ''] = call.positionals;

      return (await run(call, id))
        ? exitCodes.ok
        : fail(call.io, `There is no client ${id}. See them with: gatehouse client list`);
    },
  };
}

function kindOf(value: Call['values'][string]): ClientKind | undefined {
  const kind = kinds.find((candidate) => candidate === value);

  if (value !== undefined && kind === undefined) {
    throw new Usage(`--kind is one of ${kinds.join(', ')}.`);
  }

  return kind;
}

async function metadataFrom({ values, io }: Call): Promise<unknown> {
  const flags = {
    ...(values['name'] === undefined ? {} : { client_name: values['name'] }),
    ...(values['redirect-uri'] === undefined ? {} : { redirect_uris: values['redirect-uri'] }),
    ...(values['post-logout-redirect-uri'] === undefined
      ? {}
      : { post_logout_redirect_uris: values['post-logout-redirect-uri'] }),
    ...(values['resource'] === undefined ? {} : { resources: values['resource'] }),
    ...(values['first-party'] === true ? { first_party: true } : {}),
  };
  const source = values['json'];

  if (typeof source !== 'string') {
    if (values['kind'] === undefined)
      throw new Usage('Give --json FILE (or - for standard input), or --kind and --name.');

    return flags;
  }

  const text =
    source === '-'
      ? await io.input()
      : await readFile(source, 'utf8').catch((error: Error) => {
          throw new Usage(`${source} can't be read: ${error.message}.`);
        });

  return { ...parseObject(text, source), ...flags };
}

function parseObject(text: string, source: string): object {
  try {
    const value: unknown = JSON.parse(text);

    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw new Usage(`${source} can't be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }

  throw new Usage(`${source} must hold one JSON object of client metadata.`);
}
