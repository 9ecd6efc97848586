import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { createInterface } from 'node:readline';

import type { LineProblem } from '../operations/account-import.ts';
import { problemText, type By } from '../operations/problems.ts';
import { exitCodes, Usage, type Call, type Command, type Io } from './command.ts';
import { fail, printJson } from './print.ts';

/** `import accounts` and `export accounts`. */
const operator: By = { actor: 'command-line' };
/** Lines between two words about how far it is. */
const often = 10_000;

export const importAccounts: Command = {
  words: 'import accounts',
  summary: 'makes accounts of the lines of a file; all of them, or, where something is wrong with one, none',
  usage: 'FILE [--with-roles] [--dry-run] [--json]',
  details: `
  FILE       JSON lines, an account each:
             {"email": "ana@example.com", "emailVerified": true, "displayName": "Ana", "passwordHash": "$2b$12$…"}
             also id (the subject that apps know), firstName, lastName, task, locale, claims, phone {number, verified},
             roles, status (active, disabled), createdAt
  --with-roles  takes lines that make administrators or auditors; they are refused without it
  --dry-run  only says what is wrong with which line

  Hashes of argon2, bcrypt, PBKDF2 and scrypt keep working: each is made anew when its owner signs in. What broke off is
  begun again with the same file: accounts that are there, with the same id and address, are left as they are.
`,
  options: { 'with-roles': { type: 'boolean' }, 'dry-run': { type: 'boolean' }, json: { type: 'boolean' } },
  positionals: { least: 1, most: 1 },
  async run(call) {
    const { io, values, positionals, services } = call;
    const [file = ''] = positionals;
    await readable(file);

    const { accountFiles } = await services();
    const checked = await accountFiles.check(linesOf(file), {
      roles: values['with-roles'] === true,
      told: progress(io, 'read'),
    });
    if (checked.problems.length > 0) return refuse(call, checked.problems);

    if (values['dry-run'] === true) {
      const { lines, there } = checked;
      if (values['json'] === true) printJson(io, { lines, there, problems: [] });
      else io.err(`Nothing is wrong with the ${lines} accounts; ${there} of them are there already.\n`);

      return exitCodes.ok;
    }

    const { written, there, problems } = await accountFiles.write(linesOf(file), operator, progress(io, 'written'));
    if (values['json'] === true) printJson(io, { written, there, problems: problems.map(told) });
    else io.err(`${written} accounts were made; ${there} were there already.\n`);

    return problems.length > 0 ? refuse(call, problems, 'the others were written') : exitCodes.ok;
  },
};

export const exportAccounts: Command = {
  words: 'export accounts',
  summary: 'prints every account as a line of JSON, as import accounts takes it',
  usage: '[--password-hashes]',
  details: `
  --password-hashes  with the hash of each password: whoever has the file can try passwords on it as fast as they like

  Second factors, grants and sessions are not in it: see move and backups for those.

  gatehouse export accounts > accounts.jsonl
`,
  options: { 'password-hashes': { type: 'boolean' } },
  positionals: { least: 0, most: 0 },
  onExisting: true,
  async run({ io, values, services }) {
    const { accountFiles } = await services();
    const hashes = values['password-hashes'] === true;

    for await (const line of accountFiles.read({ hashes }, operator)) io.out(`${line}\n`);

    return exitCodes.ok;
  },
};

async function readable(file: string): Promise<void> {
  await access(file, constants.R_OK).catch((error: Error) => {
    throw new Usage(`${file} can't be read: ${error.message}.`);
  });
}

function linesOf(file: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(file), crlfDelay: Infinity });
}

function progress(io: Io, done: string): (lines: number) => void {
  let next = often;

  return (lines) => {
    if (lines < next) return;

    next = lines + often;
    io.err(`${lines} lines ${done}\n`);
  };
}

/** Every one, with its line: what is wrong is mended in the file at once. */
function refuse({ io, values }: Call, problems: readonly LineProblem[], others = 'nothing of the file was written') {
  if (values['json'] === true && others !== 'the others were written') printJson(io, { problems: problems.map(told) });
  for (const { line, problem } of problems) io.err(`line ${line}: ${problemText(problem)}\n`);

  const lines = new Set(problems.map(({ line }) => line)).size;

  return fail(io, `${lines} of the lines can't be taken: ${others}.`);
}

function told({ line, problem }: LineProblem) {
  return { line, field: problem.path, detail: problemText({ ...problem, path: '' }) };
}
