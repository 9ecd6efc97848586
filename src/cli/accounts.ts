import { readFile } from 'node:fs/promises';

import { locales, type Account } from '../domain/account.ts';
import type { By } from '../operations/problems.ts';
import { needed, Usage, type Call, type Command } from './command.ts';
import { fail, finish, printJson } from './print.ts';
import { exitCodes } from './command.ts';

/** `admin create`, `account create`, `account unlock` and `account delete`. */
const operator: By = { actor: 'command-line' };
const mostClaims = 64 * 1024;

const person = {
  email: { type: 'string' },
  'first-name': { type: 'string' },
  'last-name': { type: 'string' },
  'display-name': { type: 'string' },
  locale: { type: 'string' },
  'password-stdin': { type: 'boolean' },
} as const;

const personUsage =
  '--email ADDRESS --password-stdin [--display-name NAME] [--first-name NAME] [--last-name NAME] [--locale ' +
  `${locales.join('|')}]`;

export const adminCreate: Command = {
  words: 'admin create',
  summary: 'makes an account that may administer; its address counts as verified',
  usage: personUsage,
  options: person,
  positionals: { least: 0, most: 0 },
  async run(call) {
    const input = { ...(await personFrom(call)), emailVerified: true };
    const { accounts } = await call.services();

    return finish(call.io, await accounts.createAdministrator(input, operator), (account) =>
      printAccount(call, account),
    );
  },
};

export const accountCreate: Command = {
  words: 'account create',
  summary: 'makes an account',
  usage: `${personUsage} [--verified] [--claims FILE]`,
  details: `
  --password-stdin  reads the password from standard input
  --verified        the address is known to be the person's own
  --claims FILE     further standard claims of OpenID Connect Core 5.1 as a JSON object

  echo -n 'a long enough password' | gatehouse account create --email ana@example.com --password-stdin --verified
`,
  options: { ...person, verified: { type: 'boolean' }, claims: { type: 'string' } },
  positionals: { least: 0, most: 0 },
  async run(call) {
    const claims = call.values['claims'];
    const input = {
      ...(await personFrom(call)),
      ...(call.values['verified'] === true ? { emailVerified: true } : {}),
      ...(typeof claims === 'string' ? { claims: await readJson(claims) } : {}),
    };
    const { accounts } = await call.services();

    return finish(call.io, await accounts.create(input, operator), (account) => printAccount(call, account));
  },
};

export const accountUnlock: Command = {
  words: 'account unlock',
  summary: 'lets unknown devices try again after a hundred wrong passwords or codes in a row',
  usage: '--email ADDRESS',
  options: { email: { type: 'string' } },
  positionals: { least: 0, most: 0 },
  onExisting: true,
  async run(call) {
    const email = needed(call, 'email');
    const { accounts, guessing, secondFactorGuessing, events } = await call.services();
    const account = await accounts.findByEmail(email);

    if (!account) {
      return fail(call.io, `No account has the address ${email}.`);
    }

    await guessing.clear(email);
    await secondFactorGuessing.clear(email);
    await events.write('guessing.cleared', { ...operator, account });
    call.io.err(`${account.email} can be tried from any device again.\n`);

    return exitCodes.ok;
  },
};

export const accountDelete: Command = {
  words: 'account delete',
  summary: 'deletes an account with everything of it; its apps and its address are told',
  usage: '--email ADDRESS | --id ID',
  details: `
  Nothing of it works from then on. The address can be used for a new account. What there is to undo a closing
  (account.closing_grace) is for people who close their own account: this deletes at once. The last administrator
  stays.
`,
  options: { email: { type: 'string' }, id: { type: 'string' } },
  positionals: { least: 0, most: 0 },
  onExisting: true,
  async run(call) {
    const { email, id } = call.values;
    if ((typeof email === 'string') === (typeof id === 'string')) throw new Usage('Name it by --email or by --id.');

    const { accounts, closing } = await call.services();
    const account = typeof email === 'string' ? await accounts.findByEmail(email) : await accounts.get(String(id));
    if (!account) return fail(call.io, 'There is no such account.');

    const removed = await closing.remove(account.id, operator);
    if (removed === 'last-administrator') {
      return fail(call.io, `${account.email} is the last administrator. Make another one first: admin create.`);
    }

    call.io.err(`The account of ${account.email} is deleted.\n`);

    return exitCodes.ok;
  },
};

async function personFrom(call: Call): Promise<Record<string, string>> {
  const { values, io } = call;

  if (values['password-stdin'] !== true) {
    throw new Usage(
      '--password-stdin is needed: give the password on standard input, so that it stands in no history.',
    );
  }

  const given = {
    email: needed(call, 'email'),
    firstName: values['first-name'],
    lastName: values['last-name'],
    displayName: values['display-name'],
    locale: values['locale'],
    password: (await io.input()).replace(/\r?\n$/, ''),
  };

  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

async function readJson(path: string): Promise<unknown> {
  try {
    const text = await readFile(path, 'utf8');

    if (text.length > mostClaims) throw new Usage(`${path} is larger than 64 kB.`);

    return JSON.parse(text);
  } catch (error) {
    if (error instanceof Usage) throw error;

    throw new Usage(`${path} can't be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function printAccount({ io }: Call, { id, email, emailVerified, displayName, roles }: Account): void {
  printJson(io, { id, email, email_verified: emailVerified, name: displayName, roles });
}
