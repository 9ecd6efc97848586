import { ephemeraBackends, recordsBackends, type Backend } from '../storage/backends.ts';
import { originOf } from './addresses.ts';
import { brandingProblems } from './checks-branding.ts';
import { adviseMessages, messageProblems } from './checks-messages.ts';
import { formatDuration } from './units.ts';
import type { Problem } from './problems.ts';
import type { Config } from './schema.ts';

const makeKey = 'Make one with `openssl rand -base64 32` and keep a copy apart from the backups';

function notLonger(config: Config): Problem[] {
  const { session, tokens, limits } = config;
  const pairs: [string, number, string, number][] = [
    ['session.idle', session.idle, 'session.absolute', session.absolute],
    [
      'tokens.refresh_token_idle',
      tokens.refresh_token_idle,
      'tokens.refresh_token_absolute',
      tokens.refresh_token_absolute,
    ],
    [
      'limits.sign_in.first_wait',
      limits.sign_in.first_wait,
      'limits.sign_in.longest_wait',
      limits.sign_in.longest_wait,
    ],
  ];

  return pairs
    .filter(([, short, , long]) => short > long)
    .map(([path, short, other, long]) => ({
      path,
      message: `${path} (${formatDuration(short)}) must not be longer than ${other} (${formatDuration(long)}).`,
      mend: `Lower ${path} or raise ${other}.`,
    }));
}

/** Only one key waits at a time, so each has to sign at least as long as the next one waits. */
function keyProblems({ keys }: Config): Problem[] {
  if (keys.rotate_every === 'off' || keys.publish_before <= keys.rotate_every) return [];

  const path = 'keys.publish_before';
  const message = `${path} (${formatDuration(keys.publish_before)}) must not be longer than keys.rotate_every (${formatDuration(keys.rotate_every)}).`;

  return [{ path, message, mend: `Lower ${path} or raise keys.rotate_every.` }];
}

function passwordProblems({ passwords }: Config): Problem[] {
  const { argon2, minimum_length: alone, minimum_length_with_second_factor: second } = passwords;
  const problems: Problem[] = [];

  if (second > alone) {
    const path = 'passwords.minimum_length_with_second_factor';
    const message = `${path} (${second}) must not be more than passwords.minimum_length (${alone}).`;
    problems.push({ path, message, mend: `Lower it to ${alone} or less.` });
  }
  // RFC 9106 section 3.1: at least 8 KiB a lane.
  if (argon2.memory_kib < 8 * argon2.parallelism) {
    const path = 'passwords.argon2.memory_kib';
    const message = `${path} (${argon2.memory_kib}) must be at least 8 for each lane (passwords.argon2.parallelism).`;
    problems.push({ path, message, mend: `Raise it to ${8 * argon2.parallelism} or more.` });
  }

  return problems;
}

function repeated(names: readonly string[]): number[] {
  return names.flatMap((name, index) => (names.indexOf(name) === index ? [] : [index]));
}

function resourceProblems({ issuer, resources }: Config): Problem[] {
  const twice = repeated(resources.map(({ identifier }) => identifier)).map((index) => ({
    path: `resources[${index}].identifier`,
    message: `resources[${index}].identifier is the same as that of another API.`,
    mend: 'Give each API an identifier of its own.',
  }));

  const ours = resources.flatMap(({ identifier }, index) => {
    if (originOf(identifier) !== issuer) return [];

    const path = `resources[${index}].identifier`;
    return [
      { path, message: `${path} lies under the issuer, whose APIs are Gatehouse’s own.`, mend: 'Name it otherwise.' },
    ];
  });

  const scopes = resources.flatMap((api, index) =>
    repeated(api.scopes.map(({ name }) => name)).map((at) => ({
      path: `resources[${index}].scopes[${at}].name`,
      message: `resources[${index}].scopes[${at}].name is there twice.`,
      mend: 'Keep one of the two.',
    })),
  );

  return [...twice, ...ours, ...scopes, ...resources.flatMap(keyScopeProblems)];
}

function keyScopeProblems({ key_scopes, scopes, introspected_by }: Config['resources'][number], index: number) {
  const path = `resources[${index}].key_scopes`;
  const unknown = key_scopes.filter((name) => !scopes.some((scope) => scope.name === name));
  const problems = unknown.map((name) => ({
    path,
    message: `${path} names ${name}, which is none of the scopes of this API.`,
    mend: 'Name it under scopes, or leave it out here.',
  }));

  if (key_scopes.length > 0 && introspected_by.length === 0) {
    const message = `${path} is set, but resources[${index}].introspected_by names nobody who could ask about a key.`;
    problems.push({ path, message, mend: 'Name the client that the API asks as.' });
  }

  return problems;
}

function developmentProblems({ host, port, demo, issuer }: Config): Problem[] {
  const problems: Problem[] = [];

  if (host !== '127.0.0.1') {
    const message = `host must be 127.0.0.1 while the issuer is ${issuer}: development mode listens on this machine only.`;
    const mend = 'Leave host out, or set issuer to the https address that people will use.';
    problems.push({ path: 'host', message, mend });
  }
  if (demo.enabled && demo.port === port && port !== 0) {
    const message = `demo.port is ${port}, where Gatehouse itself listens.`;
    problems.push({ path: 'demo.port', message, mend: 'Choose another port, or set demo.enabled to false.' });
  }

  return problems;
}

function productionProblems({ issuer, secrets, demo, passwords }: Config): Problem[] {
  const problems: Problem[] = [];

  if (!issuer.startsWith('https:')) {
    const message = `issuer must be https in production (${issuer}): passwords, tokens and cookies never travel over plain http.`;
    const mend = `Write ${issuer.replace(/^http:/, 'https:')} and let a proxy end TLS, or use http://localhost:3000 to try things out.`;
    problems.push({ path: 'issuer', message, mend });
  }
  if (secrets.encryption_key === undefined) {
    const path = 'secrets.encryption_key';
    const mend = `${makeKey}; give it in GATEHOUSE_SECRETS_ENCRYPTION_KEY or name its file in GATEHOUSE_SECRETS_ENCRYPTION_KEY_FILE.`;
    problems.push({ path, message: `${path} must be set in production.`, mend });
  }
  if (demo.enabled) {
    const message = 'demo.enabled must not be true in production: the sample app is for trying things out.';
    problems.push({ path: 'demo.enabled', message, mend: 'Leave it out.' });
  }
  // OWASP's least parameters (Password Storage Cheat Sheet).
  if (passwords.argon2.memory_kib < 19_456) {
    const path = 'passwords.argon2.memory_kib';
    const message = `${path} must be at least 19456 in production, not ${passwords.argon2.memory_kib}.`;
    problems.push({ path, message, mend: 'Leave it out.' });
  }
  if (passwords.argon2.iterations < 2) {
    const path = 'passwords.argon2.iterations';
    problems.push({ path, message: `${path} must be at least 2 in production, not 1.`, mend: 'Leave it out.' });
  }

  return problems;
}

/** What the backends that are chosen say about their own options. */
function ofBackends({ storage }: Config, say: 'check' | 'advise'): Problem[] {
  return (['records', 'ephemera'] as const).flatMap((port) => {
    const { kind, ...options } = storage[port];
    const backends: readonly Backend[] = port === 'records' ? recordsBackends : ephemeraBackends;
    const remarks = backends.filter((one) => one.kind === kind).flatMap((one) => one[say]?.(options) ?? []);

    return remarks.map(({ option, message, mend }) => {
      const path = `storage.${port}.${option}`;

      return { path, message: `${path} ${message}`, mend };
    });
  });
}

/** What is wrong between settings that are each right alone, and what the mode refuses. */
export function checkConfig(config: Config): Problem[] {
  const byMode = config.mode === 'production' ? productionProblems(config) : developmentProblems(config);
  const storage = ofBackends(config, 'check');

  return [
    ...byMode,
    ...notLonger(config),
    ...keyProblems(config),
    ...passwordProblems(config),
    ...messageProblems(config),
    ...brandingProblems(config),
    ...resourceProblems(config),
    ...storage,
  ];
}

/** What works, but is probably not meant: for the start and `doctor` to say. */
export function adviseConfig(config: Config): Problem[] {
  const storage = config.mode === 'development' ? [] : ofBackends(config, 'advise');

  return [...adviseProxy(config), ...storage, ...adviseMessages(config)];
}

function adviseProxy(config: Config): Problem[] {
  if (config.mode === 'development' || config.proxy.trusted.length > 0) return [];

  const message = 'proxy.trusted is empty: behind a proxy every visitor then counts as one address for the limits.';
  return [{ path: 'proxy.trusted', message, mend: 'List the addresses that the proxy connects from.' }];
}
