import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Log } from './log.ts';

export interface HealthDeps {
  /** Rejects when something that is needed does not answer. */
  ready: () => Promise<void>;
  /** Whether it was told to stop. */
  isLeaving: () => boolean;
  log: Log;
}

/**
 * `/healthz`: the process answers. `/readyz`: what it needs answers too, and it is going to stay. They stand before the
 * host check, because probes ask by address, and say nothing but yes or no (S114).
 */
export function createHealth({ ready, isLeaving, log }: HealthDeps) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const path = request.url?.split('?', 1)[0];

    if (path === '/healthz') {
      answer(response, 200, 'ok');
    } else if (path === '/readyz' && isLeaving()) {
      answer(response, 503, 'not ready');
    } else if (path === '/readyz') {
      ready().then(
        () => answer(response, 200, 'ready'),
        (error: unknown) => {
          log.warn('not_ready', { error });
          answer(response, 503, 'not ready');
        },
      );
    } else {
      return false;
    }

    return true;
  };
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
  });
  response.end(`${text}\n`);
}
