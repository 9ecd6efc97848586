import type { Tallies } from '../events/tallies.ts';
import { startJob, startRounds, type Job } from './job.ts';

export interface Tallying extends Pick<Job, 'leases' | 'every' | 'lease' | 'failed'> {
  tallies: Pick<Tallies, 'flush' | 'sample'>;
}

/** Each node adds what it has counted; one of them counts the sessions. Disposing adds what is left. */
export function startTallying({ tallies, leases, lease, every, failed }: Tallying): AsyncDisposable {
  const flushing = startRounds({ every, failed, round: () => tallies.flush() });
  const sampling = startJob({
    id: 'tallying',
    leases,
    lease: lease * 10,
    every: every * 10,
    failed,
    round: () => tallies.sample(),
  });

  return {
    async [Symbol.asyncDispose]() {
      await Promise.all([flushing[Symbol.asyncDispose](), sampling[Symbol.asyncDispose]()]);
      await tallies.flush().catch(failed);
    },
  };
}
