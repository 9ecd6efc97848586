import { goodPassword, startTestApp, valueOf, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';

/**
 * Whether the time that a failed sign-in, creating an account, or asking for a new password takes tells who has one
 * (S71): pairs, one of an address that somebody has and one of an address that nobody has, with the argon2 parameters that are shipped. A command and not a
 * test, because time on a busy machine proves nothing: `npm run timing`. It fails when the medians differ by 5 ms.
 */
const pairs = 200;
const warmUp = 20;
const mostDifference = 5;

/** What is done with an address, and the accounts that it is done with. */
const kinds = [
  { words: 'a wrong password', kind: 'somebody', ask: guess },
  { words: 'a disabled account', kind: 'disabled', ask: guess },
  { words: 'creating an account', kind: 'registered', ask: register },
  { words: 'a forgotten password', kind: 'forgetful', ask: forget },
] as const;

async function start(): Promise<TestApp> {
  return startTestApp({
    env: {
      GATEHOUSE_PASSWORDS_ARGON2_MEMORY_KIB: '19456',
      GATEHOUSE_PASSWORDS_ARGON2_ITERATIONS: '2',
      GATEHOUSE_LIMITS_SIGN_IN_FAILURES_PER_ADDRESS: '100000',
      GATEHOUSE_LIMITS_REQUESTS_AUTHORIZATIONS: '1000000',
      GATEHOUSE_LIMITS_REQUESTS_SIGN_INS: '1000000',
      GATEHOUSE_REGISTRATION_ALLOWED: 'true',
      GATEHOUSE_REGISTRATION_PER_ADDRESS: '100000',
      GATEHOUSE_LIMITS_RECOVERY_PER_ADDRESS: '100000',
      GATEHOUSE_LIMITS_RECOVERY_PER_HOUR: '100000',
    },
  });
}

/** One account for each pair: nobody is guessed at often enough to have to wait. */
async function addAccounts({ services }: TestApp, kind: string): Promise<void> {
  const by = { actor: 'command-line' };

  for (let n = 0; n < warmUp + pairs; n += 1) {
    const input = { email: `${kind}-${n}@example.com`, password: goodPassword, emailVerified: true };
    const { id } = valueOf(await services.accounts.create(input, by));
    if (kind === 'disabled') await services.locking.lock(id, { reason: 'Lost' }, by);
  }
}

/** Milliseconds of a guess, from sending the form to the end of the answer. */
async function guess(app: TestApp, email: string): Promise<number> {
  const browser = openBrowser(app.url);
  const door = await browser.open('/account');
  const began = performance.now();
  const { status } = await browser.submit(door, { email, password: 'not-the-password-of-anybody' });

  if (status !== 422) throw new Error(`${email} was answered ${status}`);

  return performance.now() - began;
}

/** The same of beginning to create an account. */
async function register(app: TestApp, email: string): Promise<number> {
  const browser = openBrowser(app.url);
  const door = await browser.open('/account');
  const form = await browser.open(`${new URL(door.url).pathname}/register`);
  const began = performance.now();
  const { status } = await browser.submit(
    form,
    { email, displayName: 'Ada', password: goodPassword },
    { follow: false },
  );

  if (status !== 303) throw new Error(`${email} was answered ${status}`);

  return performance.now() - began;
}

/** The same of asking for a link to a new password. */
async function forget(app: TestApp, email: string): Promise<number> {
  const browser = openBrowser(app.url);
  const form = await browser.open('/forgot-password');
  const began = performance.now();
  const { status } = await browser.submit(form, { email }, { follow: false });

  if (status !== 303) throw new Error(`${email} was answered ${status}`);

  return performance.now() - began;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;

  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

async function compare(
  app: TestApp,
  { kind, ask: of }: (typeof kinds)[number],
): Promise<{ known: number; unknown: number; difference: number }> {
  const known: number[] = [];
  const unknown: number[] = [];

  for (let n = 0; n < warmUp + pairs; n += 1) {
    const ask = {
      known: () => of(app, `${kind}-${n}@example.com`),
      unknown: () => of(app, `${kind}-${n}@example.net`),
    };
    // Whichever comes first may find things warmer.
    const order = Math.random() < 0.5 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
    const took = { known: 0, unknown: 0 };

    for (const which of order) took[which] = await ask[which]();

    if (n < warmUp) continue;

    known.push(took.known);
    unknown.push(took.unknown);
  }

  const differences = known.map((time, index) => time - (unknown[index] ?? 0));

  return { known: median(known), unknown: median(unknown), difference: median(differences) };
}

await using app = await start();

for (const one of kinds) {
  const { words } = one;
  await addAccounts(app, one.kind);
  const { known, unknown, difference } = await compare(app, one);
  const told = [known, unknown, difference].map((time) => `${time.toFixed(2)} ms`);

  process.stdout.write(
    `${words}: median ${told[0]}, unknown address: median ${told[1]}, median difference of ${pairs} pairs: ${told[2]}\n`,
  );

  if (Math.max(Math.abs(difference), Math.abs(known - unknown)) >= mostDifference) {
    process.stdout.write(`FAILED: the difference must be below ${mostDifference} ms (S71)\n`);
    process.exitCode = 1;
  }
}
