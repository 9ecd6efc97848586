import type { SigningKeys } from '../operations/signing-keys.ts';
import { startJob, type Job } from './job.ts';

/**
 * Publishes the next signing key when its time has come, and clears away what is over. Nothing that signs or verifies
 * waits for it: which key does what follows from the schedule and the clock.
 */
export interface KeyScheduling extends Omit<Job, 'id' | 'round'> {
  signingKeys: Pick<SigningKeys, 'keep'>;
}

export function startKeySchedule({ signingKeys, ...job }: KeyScheduling): AsyncDisposable {
  return startJob({ ...job, id: 'signing-keys', round: () => signingKeys.keep() });
}
