import type { Guessing } from '../credentials/guessing.ts';
import type { Origin } from '../events/writer.ts';

/** What came of a proof: `wait` in seconds: too many wrong ones; `locked`: a hundred in a row. */
export type Proved = 'right' | 'wrong' | { wait: number } | 'locked';

/**
 * A proof that is asked for behind the link of a mail. It is counted apart from everything else: only who has the mail can
 * guess here, and so keep the person from nothing.
 */
export async function provedBehind(
  mail: 'email-undo' | 'wasnt-me',
  { guessing, accountId, from }: MailedProof,
  fits: () => Promise<boolean>,
): Promise<Proved> {
  const email = `${mail} ${accountId}`;
  const admission = await guessing.admit({ email, ip: from.ip, deviceId: from.deviceId, accountId });
  if (!admission.allowed) return admission.reason === 'locked' ? 'locked' : { wait: admission.retryAfter };

  const { ticket } = admission;
  const isRight = await fits().catch(async (error: unknown) => {
    await guessing.withdrawn(ticket);
    throw error;
  });

  await (isRight ? guessing.withdrawn(ticket) : guessing.failed(ticket));

  return isRight ? 'right' : 'wrong';
}

export interface MailedProof {
  guessing: Pick<Guessing, 'admit' | 'failed' | 'withdrawn'>;
  accountId: string;
  from: Origin & { deviceId: string };
}
