import { formatDuration } from '../config/units.ts';
import { keySetLife, signingAlgorithms, type KeyAt, type SigningAlgorithm } from '../domain/signing-key.ts';
import type { By } from '../operations/problems.ts';
import { exitCodes, Usage, type Call, type Command } from './command.ts';
import { fail, finish, printJson, table } from './print.ts';

/** `keys list` and `keys rotate`. */
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
