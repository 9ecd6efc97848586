import { startWebhooks } from './app-webhooks.ts';
import { startAuditSealing } from './jobs/audit-sealing.ts';
import { startRounds } from './jobs/job.ts';
import { startResealing } from './jobs/resealing.ts';
import { startKeySchedule } from './jobs/key-schedule.ts';
import { startDelivering } from './jobs/delivering.ts';
import { createLeases } from './jobs/leases.ts';
import { startSweeping } from './jobs/sweeping.ts';
import { startTallying } from './jobs/tallying.ts';
import { startTellingApps } from './jobs/telling-apps.ts';
import { createDelivery } from './messages/delivery.ts';
import { openSenders } from './messages/senders.ts';
import { createWriting } from './messages/writing.ts';
import type { Oidc } from './oidc/provider.ts';
import { printHead } from './operations/audit-verify.ts';
import { createLogoutDelivery } from './operations/logout-delivery.ts';
import type { Services } from './services.ts';
import type { Log } from './web/log.ts';

/** The part of `app.ts` about what happens of itself. */

/** Once a minute: nothing that jobs do is waited for, and an idle server should stay idle. */
export const eachMinute = { every: 60_000, lease: 180 };

/** A segment of the record of events holds what happened in so long. */
const eachSegment = { every: 300_000, lease: 900 };

/** All that is sealed is read through each time. */
const eachHour = { every: 3_600_000, lease: 10_800 };

/** Rows of one sweep: a batch holds up everything else for as long as it takes. */
const batch = 200;

/** Everything: what is sent, and the jobs. */
export function startWork(
  services: Services,
  oidc: Oidc,
  { log, onError }: { log: Log; onError: (error: unknown) => void },
): AsyncDisposable {
  const { config } = services;
  const delivering = startDelivering({
    delivery: createDelivery({ ...services, ...openSenders(config), writing: createWriting(config) }),
    events: services.events,
    onWake: services.messages.onWake,
    failed: onError,
    told: ({ message: { id, channel, template, attempts }, state, error }) =>
      log[error === undefined ? 'info' : 'warn']('message', { message: id, channel, template, attempts, state, error }),
  });
  const telling = startTellingApps({
    delivery: createLogoutDelivery({ ...services, tell: oidc.tellApp }),
    events: services.events,
    onWake: services.logoutNotices.onWake,
    failed: onError,
    told: ({ notice: { clientId, attempts }, state, detail: error }) =>
      log[error === undefined ? 'info' : 'warn']('logout_notice', { clientId, attempts, state, error }),
  });
  const webhooks = startWebhooks(services, { log, failed: onError });
  const jobs = new AsyncDisposableStack();
  startJobs(services, jobs, { log, failed: onError });

  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.all([jobs, delivering, telling, webhooks].map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

/** Each job on one node at a time. They end before the services that they use. */
function startJobs(
  services: Services,
  opened: AsyncDisposableStack,
  { log, failed }: { log: Log; failed: (error: unknown) => void },
): void {
  const {
    records,
    ephemera,
    retention,
    closing,
    locking,
    signingKeys,
    auditChain,
    keyUses,
    installationKeys,
    resealing,
    tallies,
  } = services;
  const leases = createLeases(services);
  const job = { ...eachMinute, leases, failed };

  opened.use(startSweeping({ ...job, stores: [closing, locking, records, ephemera, retention], batch }));
  opened.use(startKeySchedule({ ...job, signingKeys }));
  opened.use(startTallying({ ...job, tallies }));
  if (services.secrets.encryptionKeys.length > 1)
    opened.use(startResealing({ ...services, ...job, ...eachHour, resealing }));
  opened.defer(() => keyUses.flush().catch(failed));
  opened.use(
    startRounds({
      every: eachMinute.every,
      failed,
      async round() {
        await installationKeys.begin();
        await keyUses.flush();
      },
    }),
  );
  opened.use(
    startAuditSealing({
      ...job,
      ...eachSegment,
      auditChain,
      // Whoever keeps the log elsewhere can hold the chain against it.
      told: (segment) => log.info('audit_sealed', { events: segment.count, head: printHead(segment) }),
    }),
  );
}
