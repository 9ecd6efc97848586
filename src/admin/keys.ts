import { z } from 'zod';

import { hasRole } from '../domain/account.ts';
import { timeInWords } from '../domain/consent-words.ts';
import { NotFound } from '../domain/errors.ts';
import type { Clock } from '../domain/clock.ts';
import { sha256 } from '../domain/ids.ts';
import { keySetLife, signingAlgorithms } from '../domain/signing-key.ts';
import { momentOf } from '../operations/audit-filter.ts';
import type { KeyReport } from '../operations/key-report.ts';
import { byField } from '../operations/problems.ts';
import type { SigningKeys } from '../operations/signing-keys.ts';
import { action, page, to, view, type Route } from '../web/route.ts';
import { rowsOf, signingKeyRow, type InstallationKeyRow, type SigningKeyRow } from './key-rows.ts';
import { doing, seeing, type AdminPage } from './page.ts';

export interface KeysDeps {
  keyReport: () => Promise<KeyReport>;
  signingKeys: Pick<SigningKeys, 'rotate' | 'replace' | 'reschedule'>;
  clock: Clock;
}

export interface KeysView {
  signing: SigningKeyRow[];
  cookies: InstallationKeyRow[];
  encryption: InstallationKeyRow[];
  algorithms: readonly string[];
  /** In words; absent: they are not changed of themselves. */
  every?: string;
  before: string;
  /** Whether the one who looks may change something. */
  mayDo: boolean;
}

export const keysView = view<KeysView>('admin/keys', 'shell', 'keys.title');

export interface KeysLeakedView {
  /** What would be revoked. */
  signing: SigningKeyRow[];
  /** Says which keys these are: only they are revoked. */
  seen: string;
  algorithms: readonly string[];
  /** For how long apps are told to keep the published keys, in words. */
  cached: string;
  /** Until then the last token lives that was signed with one of them (milliseconds). */
  tokensUntil: number;
}

export const keysLeakedView = view<KeysLeakedView>('admin/keys-leaked', 'shell', 'keys.leakedTitle');

export interface KeyScheduleView {
  key: SigningKeyRow;
  /** RFC 3339, as it can be typed. */
  signsFrom: string;
}

export const keyScheduleView = view<KeyScheduleView>('admin/key-schedule', 'shell', 'keys.scheduleTitle');

const path = '/admin/keys';

/** '' is every algorithm. */
const which = z.object({ alg: z.enum(['', ...signingAlgorithms]).transform((alg) => (alg === '' ? undefined : alg)) });

/** The keys of the installation: what each is for, how much it is used, and how it is replaced. */
export const keys: AdminPage<KeysDeps> = {
  place: { path, label: 'keys.title', icon: 'key' },

  routes: ({ keyReport, signingKeys, clock }): Route[] => {
    async function waiting(kid: string) {
      const key = (await keyReport()).signing.find((one) => one.kid === kid && one.state === 'next');
      if (!key) throw new NotFound('no key that waits has this id');

      return key;
    }

    return [
      page(
        path,
        keysView,
        async ({ account, visitor: { locale } }): Promise<KeysView> => {
          const report = await keyReport();
          const { rotateEvery, publishBefore } = report.schedule;

          return {
            ...rowsOf(report, clock.now()),
            algorithms: signingAlgorithms,
            ...(rotateEvery !== 'off' && { every: timeInWords(rotateEvery, locale) }),
            before: timeInWords(publishBefore, locale),
            mayDo: hasRole(account, 'admin'),
          };
        },
        seeing,
      ),

      action(
        path,
        which,
        async ({ account, visitor }, { alg }, wrong) => {
          const done = await signingKeys.rotate({ actor: account.id, from: visitor }, { alg });

          return done.ok ? to(path, 'keys.rotated') : wrong(byField(done.problems));
        },
        doing,
      ),

      page(
        `${path}/leaked`,
        keysLeakedView,
        async ({ visitor: { locale } }): Promise<KeysLeakedView> => {
          const { signing } = await keyReport();
          const lasting = signing.filter(({ state }) => state !== 'next');
          const ends = lasting.map(({ until, life }) => (until ?? clock.now()) + life * 1000);

          return {
            signing: signing.map((key) => signingKeyRow(key, clock.now())),
            seen: seenOf(signing),
            algorithms: signingAlgorithms,
            cached: timeInWords(keySetLife, locale),
            tokensUntil: Math.max(clock.now(), ...ends),
          };
        },
        doing,
      ),

      action(
        `${path}/leaked`,
        which.extend({ agree: z.string('keys.agreeMissing'), seen: z.string().max(100) }),
        async ({ account, visitor }, { alg, seen }, wrong) => {
          // Pressed twice, or by two at once: the new keys have not leaked.
          if (seenOf((await keyReport()).signing) !== seen) return wrong({ form: 'keys.changedMeanwhile' });

          await signingKeys.replace({ actor: account.id, from: visitor }, { alg });

          return to(path, 'keys.replaced');
        },
        doing,
      ),

      page(
        `${path}/:kid`,
        keyScheduleView,
        async ({ params: { kid } }): Promise<KeyScheduleView> => {
          const key = await waiting(kid);

          return { key: signingKeyRow(key, clock.now()), signsFrom: new Date(key.from).toISOString() };
        },
        doing,
      ),

      action(
        `${path}/:kid`,
        z.object({
          signsFrom: z.string().max(40),
          was: z
            .string()
            .regex(/^\d{1,16}$/, 'problem.invalid')
            .transform(Number),
        }),
        async ({ params: { kid }, account, visitor }, { signsFrom, was }, wrong) => {
          const from = momentOf(signsFrom);
          if (from === undefined) return wrong({ signsFrom: 'problem.moment' });

          const done = await signingKeys.reschedule(kid, { from, was }, { actor: account.id, from: visitor });
          if (!done) throw new NotFound('no such key');
          if (done === 'changed') return wrong({ form: 'keys.changedMeanwhile' });

          return done.ok ? to(path, 'keys.rescheduled') : wrong(byField(done.problems));
        },
        doing,
      ),
    ];
  },
};

function seenOf(keys: readonly { kid: string }[]): string {
  return sha256(
    keys
      .map(({ kid }) => kid)
      .toSorted()
      .join(' '),
  );
}
