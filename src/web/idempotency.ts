import { Unavailable } from '../domain/errors.ts';
import { sha256 } from '../domain/ids.ts';
import type { Ephemera } from '../storage/ephemera.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { Answered, Refused } from './endpoint.ts';

/**
 * A request to make something, sent again because its answer was lost, is answered as the first one was and makes nothing
 * more (draft-ietf-httpapi-idempotency-key-header). Answers are kept sealed for a day: some hold a secret.
 */
export interface Idempotency {
  /**
   * `key`: what the caller named the request; `request`: what was asked, and by whom. A refusal is not kept: nothing was
   * made, and what is mended may be sent under the same key. `make` may run again where its answer could not be kept, or
   * where it takes longer than a claim lives: by `once`, the same each time, it knows what it has made before.
   */
  once(
    key: string,
    request: { caller: string; place: string; body: unknown },
    make: (once: string) => Promise<Answered | Refused>,
  ): Promise<Answered | Refused>;
}

/** Seconds. */
const kept = 86_400;
/** For as long a request that makes something may take. */
const running = 60;

export const keyPattern = /^[\x21-\x7e]{1,200}$/;

export function createIdempotency(ephemera: Ephemera, sealing: Sealing): Idempotency {
  return {
    async once(key, { caller, place, body }, make) {
      const id = sha256(JSON.stringify([caller, place, key]));
      const context = `idempotency:${id}`;
      const asked = sha256(JSON.stringify(body ?? null));

      const before = await made();
      if (before) return before;
      if (!(await ephemera.claim('idempotent-running', id, running))) return (await made()) ?? isRunning;

      try {
        // Made between the look and the claim.
        const since = await made();
        if (since) return since;

        const done = await make(id);
        if (!('refused' in done)) await keep(done);

        return done;
      } finally {
        await ephemera.remove('idempotent-running', id).catch(endsByItself);
      }

      /** It is done, whether or not that can be kept: whoever asked must hear of it. */
      async function keep(done: Answered): Promise<void> {
        const sealed = sealing.seal(JSON.stringify({ asked, done }), context);
        await ephemera.put('idempotent', id, sealed, { ttl: kept }).catch(unlessUnavailable);
      }

      async function made(): Promise<Answered | Refused | undefined> {
        const sealed = await ephemera.get('idempotent', id);
        if (typeof sealed !== 'string') return undefined;

        const row = JSON.parse(sealing.open(sealed, context)) as { asked: string; done: Answered };

        return row.asked === asked ? row.done : isOther;
      }
    },
  };
}

/** The claim is over in a minute; what was done or went wrong is what matters. */
const endsByItself = () => {};

function unlessUnavailable(error: unknown): void {
  if (!(error instanceof Unavailable)) throw error;
}

const isRunning: Refused = {
  refused: {
    status: 409,
    detail: 'The request with this Idempotency-Key is still running: send it again in a moment.',
  },
};

const isOther: Refused = {
  refused: { status: 422, detail: 'This Idempotency-Key was used for something else: choose another one.' },
};
