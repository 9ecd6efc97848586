import { sha256 } from '../domain/ids.ts';
import type { Json } from '../domain/json.ts';
import type { Exchange } from '../web/route.ts';
import type { Inside } from './deps.ts';
import type { Interactions, PartialProof } from './interactions.ts';

/**
 * What a person has proved in a step that is not over: a password where a second factor is still to come. Kept beside
 * the step and found by its id, in the browser that the step belongs to; it is no session, and no other room asks for it
 * (S98). It may be lost: then the step begins again.
 */
type ProofDeps = Pick<Inside, 'units' | 'clock'>;

const kind = 'proof';

/** Seconds. */
const life = 600;

export function createProofs(
  { units, clock }: ProofDeps,
  /** Whether this browser is at this step. */
  isOpen: (exchange: Exchange, uid: string) => Promise<boolean>,
): Pick<Interactions, 'keepProof' | 'proofSoFar'> {
  return {
    async keepProof(exchange, uid, proof) {
      if (!(await isOpen(exchange, uid))) return;

      const left = life - (clock.now() - proof.at) / 1000;
      const kept = { ...proof, proven: [...proof.proven] } satisfies Json;
      await units.within(async (unit) => unit.put(kind, sha256(uid), kept, left));
    },

    proofSoFar: (exchange, uid) =>
      units.within(async (unit) => {
        const [found, open] = await Promise.all([unit.recall(kind, sha256(uid)), isOpen(exchange, uid)]);
        if (found === undefined || !open) return undefined;

        const proof = found as unknown as PartialProof;
        const password = await unit.get('passwords', proof.accountId);

        // Proved with a password that is another one by now (S70).
        return password !== undefined && password.changedAt > proof.at ? undefined : proof;
      }),
  };
}
