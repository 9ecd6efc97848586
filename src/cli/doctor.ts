import { existsSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { adviseConfig } from '../config/checks.ts';
import type { Problem } from '../config/problems.ts';
import type { Config } from '../config/schema.ts';
import { keyFileOf } from '../config/secrets.ts';
import { sealedAs } from '../domain/signing-key.ts';
import type { Services } from '../services.ts';
import { isRefusal, KeyMissing } from '../storage/refusals.ts';
import { adviceOf, sentenceOf } from './advice.ts';
import { exitCodes, Usage, type Call, type Command } from './command.ts';
import { queued, ways } from './doctor-messages.ts';
import { examineOutside } from './doctor-outside.ts';
import type { Finding } from './finding.ts';
import { isNew } from './new-machine.ts';
import { ConfigurationRefused } from './refused.ts';

/** `doctor`: looks at everything that a start needs and says what is wrong and how to mend it. */

/** Before this was written: a clock that says so was never set. */
const earliestPlausible = Date.UTC(2026, 0, 1);

/** A backup that is older is worth a word, in milliseconds. */
const oldBackup = 7 * 24 * 3_600_000;

/** Between two machines that wrote the newest event, in milliseconds. */
const clockTolerance = 60_000;

export const doctorCommand: Command = {
  words: 'doctor',
  summary: 'checks configuration, permissions, storage, keys, clock and mail, and says how to mend what is wrong',
  usage: '[--url URL] [--json]',
  options: { json: { type: 'boolean' }, url: { type: 'string' } },
  details: `  --url URL  looks at a running installation from outside instead, by the address that people use: its
             certificate, discovery, keys, clock, headers, cookies, and whom it believes. Changes nothing.
`,
  positionals: { least: 0, most: 0 },
  async run(call) {
    const { url } = call.values;
    const findings = url === undefined ? await examine(call) : await examineOutside(addressIn(String(url)));

    if (call.values['json'] === true) {
      call.io.out(`${JSON.stringify(findings, null, 2)}\n`);
    } else {
      call.io.out(findings.map(line).join(''));
    }

    return findings.some(({ state }) => state === 'wrong') ? exitCodes.failed : exitCodes.ok;
  },
};

function addressIn(text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw new Usage(`${text} is no address of an installation.`);

  return url;
}

async function examine({ config, services }: Call): Promise<Finding[]> {
  let settings: Config;

  try {
    settings = config();
  } catch (error) {
    return failed(error, 'configuration', 'Correct the configuration.');
  }

  const usable = `It can be used; ${settings.mode} mode, issuer ${settings.issuer}.`;
  const advice = adviseConfig(settings).map((problem) => findingOf('configuration', 'warning', problem));

  return [
    { area: 'configuration', state: 'good', message: usable },
    ...advice,
    ...permissions(settings),
    ...(isNew(settings) ? [] : await storage(settings, services)),
    ...(await ways(settings)),
  ];
}

function findingOf(area: Finding['area'], state: Finding['state'], { message, mend }: Problem): Finding {
  return { area, state, message, mend };
}

/** What could not even be opened, in its own words. */
function failed(error: unknown, area: Finding['area'], mend: string): Finding[] {
  if (error instanceof ConfigurationRefused) {
    return error.problems.map((problem) => findingOf(area === 'storage' ? 'keys' : area, 'wrong', problem));
  }

  if (error instanceof KeyMissing) return [{ area: 'keys', state: 'wrong', message: error.message }];
  // These say themselves what to do.
  if (isRefusal(error)) return [{ area, state: 'wrong', message: error.message }];

  return [{ area, state: 'wrong', message: sentenceOf(error), mend }];
}

function line({ area, state, message, mend }: Finding): string {
  const mark = { good: 'ok  ', warning: 'look', wrong: 'BAD ' }[state];

  return `${mark} ${area}: ${message}${mend === undefined ? '' : ` ${mend}`}\n`;
}

export function permissions(config: Config): Finding[] {
  const paths = [config.data, ...(config.secrets.encryption_key === undefined ? [keyFileOf(config)] : [])];

  return [...paths.flatMap(openToOthers), writable(config.data)];
}

function openToOthers(path: string): Finding[] {
  const stat = statSync(path, { throwIfNoEntry: false });

  if (!stat || process.platform === 'win32' || (stat.mode & 0o077) === 0) return [];

  return [
    { area: 'permissions', state: 'wrong', message: `Other users can reach ${path}.`, mend: `Run: chmod go= ${path}` },
  ];
}

function writable(data: string): Finding {
  const folder = existing(data);

  try {
    rmdirSync(mkdtempSync(join(folder, '.doctor-')));

    const what = folder === data ? `The data folder ${data} can be written.` : `The data folder ${data} can be made.`;
    return { area: 'permissions', state: 'good', message: what };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);

    return {
      area: 'permissions',
      state: 'wrong',
      message: `The data folder can't be written: ${why}.`,
      mend: 'Make it writable for this user.',
    };
  }
}

/** The folder itself, or the nearest above it that is there. */
function existing(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : existing(dirname(folder));
}

async function storage({ mode, storage: { records } }: Config, services: () => Promise<Services>): Promise<Finding[]> {
  try {
    const opened = await services();
    await opened.records.ready();

    return [
      ...(await adviceOf(opened)).map((advice) => ({ area: 'storage' as const, ...advice })),
      ...(await closed(opened)),
      ...(await managed(opened)),
      await keys(opened),
      await clock(opened),
      await administrators(opened),
      await backups(opened, mode),
      ...(await queued(opened)),
    ];
  } catch (error) {
    const where = records.kind === 'sqlite' ? 'the data folder' : 'the storage settings';

    return failed(error, 'storage', `Check ${where}, then try again.`);
  }
}

async function closed({ maintenance }: Services): Promise<Finding[]> {
  const since = await maintenance.since();
  if (since === undefined) return [];

  const message = `In maintenance since ${new Date(since).toISOString()}: every request is answered 503.`;
  return [{ area: 'storage', state: 'warning', message, mend: 'To open it, run: gatehouse maintenance off' }];
}

/** What administrators have set, beside what this configuration fixes. */
async function managed({ settings }: Services): Promise<Finding[]> {
  const sentences = {
    unfit: 'What administrators have set does not go with this configuration, and is not in force with it.',
    differ: 'Nodes that run fix different settings: what administrators set is not in force on all of them.',
  };
  const mend =
    'See which with: gatehouse config. Make the configuration the same on every node, or change the settings.';

  return (await settings.amiss()).map((what) => ({
    area: 'configuration' as const,
    state: 'warning' as const,
    message: sentences[what],
    mend,
  }));
}

/** Whether what is sealed opens with the keys that are configured. */
async function keys({ records, sealing }: Services): Promise<Finding> {
  const { rows } = await records.signingKeys.list('created', 'all', { limit: 1000 });
  const closed = rows.filter(({ id, sealed }) => {
    // The private half of one that signs no more is destroyed.
    if (sealed === undefined) return false;

    try {
      sealing.open(sealed, sealedAs(id));
      return false;
    } catch {
      return true;
    }
  });

  if (closed.length > 0) {
    const ids = closed.map(({ id }) => id).join(', ');
    return {
      area: 'keys',
      state: 'wrong',
      message: `The encryption key does not open the signing keys ${ids}.`,
      mend: 'Put back the encryption key that was in use, as secrets.encryption_key or in secrets.former_encryption_keys.',
    };
  }

  return rows.length === 0
    ? { area: 'keys', state: 'good', message: 'No signing keys yet: the first start makes them.' }
    : { area: 'keys', state: 'good', message: `${rows.length} signing keys open.` };
}

/** How old the last one is that was made with `gatehouse backup`. */
async function backups({ records, clock: here }: Services, mode: Config['mode']): Promise<Finding> {
  const { rows } = await records.events.list('kind', 'backup.made', { limit: 1, descending: true });
  const at = rows[0]?.at;
  const isLate = here.now() - (at ?? 0) > oldBackup;
  const message = at === undefined ? 'None was made yet.' : `The last one was made at ${new Date(at).toISOString()}.`;

  return mode === 'production' && isLate
    ? { area: 'backups', state: 'warning', message, mend: 'Make one every day: gatehouse backup FILE' }
    : { area: 'backups', state: 'good', message };
}

/** Against the newest thing that happened: a clock that went back makes old codes live again. */
async function clock({ records, clock: here }: Services): Promise<Finding> {
  const now = here.now();
  const { rows } = await records.events.list('time', 'all', { limit: 1, descending: true });
  const newest = rows[0]?.at ?? 0;
  const said = `It is ${new Date(now).toISOString()} here`;

  if (now < earliestPlausible)
    return { area: 'clock', state: 'wrong', message: `${said}.`, mend: 'Set the clock (NTP).' };

  return newest > now + clockTolerance
    ? {
        area: 'clock',
        state: 'wrong',
        message: `${said}, but the newest event is from ${new Date(newest).toISOString()}.`,
        mend: 'Set the clock (NTP).',
      }
    : { area: 'clock', state: 'good', message: `${said}.` };
}

async function administrators({ accounts }: Services): Promise<Finding> {
  return (await accounts.hasAdministrator())
    ? { area: 'administrators', state: 'good', message: 'There is an administrator.' }
    : {
        area: 'administrators',
        state: 'warning',
        message: 'There is none yet.',
        mend: 'Open the link that the start prints, or run: gatehouse admin create',
      };
}
