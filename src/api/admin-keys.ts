import { z } from 'zod';

import type { KeyUse } from '../domain/key-use.ts';
import { signingAlgorithms, type KeyAt } from '../domain/signing-key.ts';
import type { InstallationKey } from '../operations/installation-keys.ts';
import type { KeyReport, ReportedKey } from '../operations/key-report.ts';
import type { SigningKeys } from '../operations/signing-keys.ts';
import {
  adminEndpoint,
  changedMeanwhile,
  refusedFor,
  tagged,
  time,
  timeOf,
  type DescribedEndpoint,
} from './endpoint.ts';

export interface AdminKeysDeps {
  keyReport: () => Promise<KeyReport>;
  signingKeys: Pick<SigningKeys, 'rotate' | 'replace' | 'reschedule'>;
}

const alg = z.enum(signingAlgorithms);

const use = z.strictObject({
  /** How often, as far as it was written down: about once a minute. */
  count: z.int(),
  lastAt: time.optional(),
  /** Since when it is counted. */
  since: time,
});

const signingKey = z.strictObject({
  kid: z.string(),
  alg,
  state: z.enum(['next', 'current', 'retired']),
  signsFrom: time,
  signsUntil: time.optional(),
  publishedUntil: time.optional(),
  /** When the next one takes over of itself. */
  dueAt: time.optional(),
  /** When it is forgotten of itself. */
  knownUntil: time.optional(),
  use: use.optional(),
});

const installationKey = z.strictObject({
  /** Says which one it is, and nothing of it. */
  name: z.string(),
  current: z.boolean(),
  /** Made of the encryption key. */
  derived: z.boolean(),
  use: use.optional(),
  /** From when on it can be taken out of the configuration, should it not be used again until then. */
  removableFrom: time.optional(),
  /** Of a former encryption key: how much still rests under it. */
  left: z.int().optional(),
  /** Settings that are made of it while they are not set: it has to stay for them. */
  derives: z.array(z.string()).optional(),
});

const made = z.strictObject({ keys: z.array(signingKey) });

/** The keys of the installation: seen, and those that sign tokens changed. */
export function keyEndpoints({ keyReport, signingKeys }: AdminKeysDeps): DescribedEndpoint[] {
  return [
    adminEndpoint({
      name: 'keys.get',
      method: 'GET',
      path: '/keys',
      scope: 'keys:read',
      summary: 'Every key with its state and use; no key itself',
      answer: z.strictObject({
        signing: z.array(signingKey),
        /** As the configuration has it, in seconds. */
        schedule: z.strictObject({ rotateEvery: z.union([z.int(), z.literal('off')]), publishBefore: z.int() }),
        cookies: z.array(installationKey),
        encryption: z.array(installationKey),
      }),
      async run() {
        const { signing, schedule, cookies, encryption } = await keyReport();

        return {
          signing: signing.map(shownKey),
          schedule,
          cookies: cookies.map(shownInstallationKey),
          encryption: encryption.map(shownInstallationKey),
        };
      },
    }),

    adminEndpoint({
      name: 'keys.signing.get',
      method: 'GET',
      path: '/keys/signing/:kid',
      scope: 'keys:read',
      summary: 'One of the keys that sign tokens',
      answer: signingKey,
      async run({ params }) {
        const key = (await keyReport()).signing.find(({ kid }) => kid === params['kid']);

        return key && tagged(shownKey(key), key.from);
      },
    }),

    adminEndpoint({
      name: 'keys.signing.reschedule',
      method: 'PATCH',
      path: '/keys/signing/:kid',
      scope: 'keys:write',
      summary: 'Changes when a key that waits begins to sign',
      versioned: true,
      body: z.strictObject({ signsFrom: time }),
      answer: signingKey,
      async run({ params: { kid = '' }, match, by }, { body }) {
        const done = await signingKeys.reschedule(kid, { from: Date.parse(body.signsFrom), was: Number(match) }, by);
        if (done === 'changed') return changedMeanwhile;
        if (!done) return undefined;

        return done.ok ? tagged(shownKey(done.value), done.value.from) : refusedFor(422, done.problems);
      },
    }),

    adminEndpoint({
      name: 'keys.signing.rotate',
      method: 'POST',
      path: '/keys/signing/rotate',
      scope: 'keys:write',
      summary: 'Publishes a new key for each algorithm, or for one, that signs once every app has had time to fetch it',
      creates: true,
      body: z.strictObject({ alg: alg.optional() }),
      answer: made,
      async run({ by }, { body }) {
        const done = await signingKeys.rotate(by, body);

        return done.ok ? { keys: done.value.map(shownKey) } : refusedFor(409, done.problems);
      },
    }),

    adminEndpoint({
      name: 'keys.signing.replace',
      method: 'POST',
      path: '/keys/signing/replace',
      scope: 'keys:write',
      summary:
        'For keys that leaked: new ones sign at once, and the old ones are neither published nor believed any more',
      creates: true,
      body: z.strictObject({ alg: alg.optional() }),
      answer: made,
      run: async ({ by }, { body }) => ({ keys: (await signingKeys.replace(by, body)).map(shownKey) }),
    }),
  ];
}

function shownKey({ kid, alg: of, state, from, until, publishedUntil, ...more }: KeyAt & Partial<ReportedKey>) {
  const { dueAt, knownUntil, use: used } = more;

  return {
    kid,
    alg: of,
    state,
    signsFrom: timeOf(from),
    ...(until !== undefined && { signsUntil: timeOf(until) }),
    ...(publishedUntil !== undefined && { publishedUntil: timeOf(publishedUntil) }),
    ...(dueAt !== undefined && { dueAt: timeOf(dueAt) }),
    ...(knownUntil !== undefined && { knownUntil: timeOf(knownUntil) }),
    ...(used && { use: shownUse(used) }),
  };
}

function shownInstallationKey({ name, current, derived, use: used, removableFrom, left, derives }: InstallationKey) {
  return {
    name,
    current,
    derived,
    ...(used && { use: shownUse(used) }),
    ...(removableFrom !== undefined && { removableFrom: timeOf(removableFrom) }),
    ...(left !== undefined && { left }),
    ...(derives.length > 0 && { derives }),
  };
}

function shownUse({ count, lastAt, since }: KeyUse) {
  return { count, since: timeOf(since), ...(lastAt !== undefined && { lastAt: timeOf(lastAt) }) };
}
