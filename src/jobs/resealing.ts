import type { Resealing } from '../operations/resealing.ts';
import { startJob, type Job } from './job.ts';
import { allSealUnder, type SameSecretsDeps } from './same-secrets.ts';

/** Seals anew what rests under a former key, once every node seals under the present one. */
export interface ResealingJob
  extends Omit<Job, 'id' | 'round'>, Pick<SameSecretsDeps, 'records' | 'secrets' | 'clock'> {
  resealing: Pick<Resealing, 'run'>;
}

export function startResealing({ resealing, records, secrets, clock, ...job }: ResealingJob): AsyncDisposable {
  return startJob({
    ...job,
    id: 'resealing',
    async round(stop) {
      if (await allSealUnder({ records, secrets, clock })) await resealing.run(stop);
    },
  });
}
