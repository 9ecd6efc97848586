import { formatDuration } from '../config/units.ts';
import type { KeyUse } from '../domain/key-use.ts';
import { keySetLife, signingAlgorithms, type KeyAt, type SigningAlgorithm } from '../domain/signing-key.ts';
import { momentOf } from '../operations/audit-filter.ts';
import type { By } from '../operations/problems.ts';
import { exitCodes, needed, Usage, type Call, type Command } from './command.ts';
import { fail, finish, printJson, table } from './print.ts';

/** `keys list`, `keys rotate`, `keys schedule` and `keys uses`. */
const operator: By = { actor: 'command-line' };

export const keysList: Command = {
  words: 'keys list',
  summary: 'lists the keys that sign tokens, with their states and times',
  usage: '[--json]',
  details: `
  next      is published, so that apps know it before it signs
  current   signs
  retired   signs no more; published while a token that it signed may live,
            then kept for signing out with an old ID token (id_token_hint)
`,
  options: { json: { type: 'boolean' } },
  positionals: { least: 0, most: 0 },
  onExisting: true,
  async run(call) {
    const { signingKeys } = await call.services();
    const keys = await signingKeys.list();

    return keys ? print(call, keys) : fail(call.io, noKeys);
  },
};

export const keysRotate: Command = {
  words: 'keys rotate',
  summary: 'publishes new keys, which sign once every app has had time to fetch them',
  usage: '[--alg RS256|ES256] [--emergency] [--json]',
  details: `
  --alg        one algorithm alone
  --emergency  the keys leaked: new ones sign at once, and the old ones are
               neither published nor accepted any more. Ends no session.

  New keys sign after keys.publish_before. The old ones stay published until
  the last token that they signed has expired. No node needs a restart.
`,
  options: { alg: { type: 'string' }, emergency: { type: 'boolean' }, json: { type: 'boolean' } },
  positionals: { least: 0, most: 0 },
  onExisting: true,
  async run(call) {
    const alg = algorithmOf(call.values['alg']);
    const { signingKeys, config } = await call.services();

    if ((await signingKeys.list()) === undefined) return fail(call.io, noKeys);

    if (call.values['emergency'] === true) {
      const keys = await signingKeys.replace(operator, { alg });
      call.io.err(emergency);

      return print(call, keys);
    }

    return finish(call.io, await signingKeys.rotate(operator, { alg }), (keys) => {
      call.io.err(
        `Published now, and signing in ${formatDuration(config.keys.publish_before)}; until then nothing changes.\n`,
      );
      print(call, keys);
    });
  },
};

export const keysSchedule: Command = {
  words: 'keys schedule',
  summary: 'changes when a key that waits begins to sign',
  usage: 'KID --from TIME [--json]',
  details: `
  --from  such as 2026-01-31T09:00Z: not before every app has had time to
          fetch the key (keys.publish_before)

  A key id that begins with a dash stands last, behind two of them:
  gatehouse keys schedule --from TIME -- KID
`,
  options: { from: { type: 'string' }, json: { type: 'boolean' } },
  positionals: { least: 1, most: 1 },
  onExisting: true,
  async run(call) {
    const [kid = ''] = call.positionals;
    const from = momentOf(needed(call, 'from'));
    if (from === undefined) throw new Usage('--from is a time such as 2026-01-31T09:00Z.');

    const { signingKeys } = await call.services();
    const was = (await signingKeys.list())?.find((key) => key.kid === kid)?.from;
    const done = was === undefined ? undefined : await signingKeys.reschedule(kid, { from, was }, operator);
    if (done === undefined) return fail(call.io, `There is no key ${kid}: see gatehouse keys list.`);
    if (done === 'changed') return fail(call.io, 'Somebody else has just changed it: look again, and try again.');

    return finish(call.io, done, (key) => void print(call, [key]));
  },
};

export const keysUses: Command = {
  words: 'keys uses',
  summary: 'says how much each key is used, cookie and encryption keys too, and which is safe to remove',
  usage: '[--json]',
  details: `
  Servers count and write it down about once a minute. A former cookie key is
  safe to remove when no browser that is signed in can have a cookie of it any
  more; a former encryption key when nothing rests under it, and nothing that
  is not set is derived from it.
`,
  options: { json: { type: 'boolean' } },
  positionals: { least: 0, most: 0 },
  onExisting: true,
  async run({ io, values, services }) {
    const { keyReport, clock } = await services();
    const report = await keyReport();
    const rows = [
      ...report.signing.map(({ kid: name, state, use }) => useOf('signing', { name, state, use })),
      ...(['cookies', 'encryption'] as const).flatMap((kind) =>
        report[kind].map(({ name, current, use, removableFrom }) =>
          useOf(kind, { name, state: current ? 'current' : 'former', use, removableFrom }),
        ),
      ),
    ];

    if (values['json'] === true) printJson(io, rows);
    else {
      const cells = rows.map(({ kind, name, state, uses, last_used = 'never', safe_to_remove_from: safe }) => {
        const removable = safe === undefined ? '' : Date.parse(safe) <= clock.now() ? 'yes' : `from ${safe}`;

        return [kind, name, state, String(uses), last_used, removable];
      });
      io.out(table([['FOR', 'KEY', 'STATE', 'USES', 'LAST USED', 'SAFE TO REMOVE'], ...cells]));
    }

    return exitCodes.ok;
  },
};

export const keysDerived: Command = {
  words: 'keys derived',
  summary: 'prints the secrets that are derived from the oldest encryption key, to be set before that one goes',
  usage: '',
  details: `
  Whoever reads this output can forge cookies: write it where the other secrets
  are. secrets.hash_key is not printed: set it to the oldest key itself.
`,
  options: {},
  positionals: { least: 0, most: 0 },
  onExisting: true,
  async run({ io, services }) {
    const { config, secrets } = await services();
    const { cookie_keys: cookieKeys, pairwise_salt: salt } = config.secrets;
    const lines = [
      ...(cookieKeys.length === 0 ? [`  cookie_keys: ['${secrets.cookieKeys.join("', '")}']`] : []),
      ...(salt === undefined ? [`  pairwise_salt: '${secrets.pairwiseSalt}'`] : []),
    ];

    if (lines.length === 0) return fail(io, 'Nothing is derived: every one is set.');
    io.out(`secrets:\n${lines.join('\n')}\n`);

    return exitCodes.ok;
  },
};

interface Used {
  name: string;
  state: string;
  use?: KeyUse | undefined;
  removableFrom?: number | undefined;
}

function useOf(kind: string, { name, state, use, removableFrom }: Used) {
  return {
    kind,
    name,
    state,
    uses: use?.count ?? 0,
    ...(use?.lastAt !== undefined && { last_used: date(use.lastAt) }),
    ...(removableFrom !== undefined && { safe_to_remove_from: date(removableFrom) }),
  };
}

const noKeys = 'There are no signing keys yet: start the server once.';

/** What apps see of it stands in caches that nobody here can empty. */
const emergency = `The new keys sign now. Every node refuses the old ones within 5 seconds; sessions and refresh tokens go on.
What apps see depends on how long they keep the key set (they are told ${keySetLife / 60} minutes, many keep it for 10):
- until they fetch it anew, they still accept tokens that were signed with the old keys, also by a thief;
- those that do not look again for a key that they don't know refuse new tokens until then;
- once they have fetched it, they refuse every token from before: APIs answer 401 until the app has refreshed.
Restart the apps and APIs that keep the key set for longer. An app that signs people out with an ID token from before
(id_token_hint) is refused.
`;

function algorithmOf(value: Call['values'][string]): SigningAlgorithm | undefined {
  const alg = signingAlgorithms.find((candidate) => candidate === value);

  if (value !== undefined && alg === undefined) throw new Usage(`--alg is one of ${signingAlgorithms.join(', ')}.`);

  return alg;
}

function print({ io, values }: Call, keys: readonly KeyAt[]) {
  if (values['json'] === true) {
    printJson(io, keys.map(documentOf));
  } else {
    const cells = keys.map((key) => {
      const { kid, alg, state, signs_from, signs_until = '', published_until = '' } = documentOf(key);

      return [kid, alg, state, signs_from, signs_until, published_until];
    });
    io.out(table([['KEY ID', 'ALG', 'STATE', 'SIGNS FROM', 'SIGNS UNTIL', 'PUBLISHED UNTIL'], ...cells]));
  }

  return exitCodes.ok;
}

function documentOf({ kid, alg, state, from, until, publishedUntil }: KeyAt) {
  return {
    kid,
    alg,
    state,
    signs_from: date(from),
    ...(until === undefined ? {} : { signs_until: date(until) }),
    ...(publishedUntil === undefined ? {} : { published_until: date(publishedUntil) }),
  };
}

function date(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
