import type Provider from 'oidc-provider';
import type { Client } from 'oidc-provider';

import { Unavailable } from '../domain/errors.ts';
import type { LogoutAnswer, LogoutNotice } from '../domain/logout-notice.ts';

/** Missing from the library's published types. It throws what is no 200 or 204, with the answer if there was one. */
export type TellsClients = Client & { backchannelLogout(accountId: string, sid: string | undefined): Promise<void> };

/**
 * Tells one app that a session has ended (OpenID Connect Back-Channel Logout 1.0 section 2.5): with a token that is made
 * and signed for this attempt, through the guarded fetch and no longer than that allows (`outbound.timeout`). Throws
 * Unavailable where the store does.
 */
export async function tellApp(provider: Provider, { clientId, accountId, sid }: LogoutNotice): Promise<LogoutAnswer> {
  const client = (await provider.Client.find(clientId)) as TellsClients | undefined;
  if (client?.backchannelLogoutUri === undefined || accountId === undefined) return { kind: 'dropped' };

  try {
    await client.backchannelLogout(accountId, sid);

    return { kind: 'delivered' };
  } catch (error) {
    if (error instanceof Unavailable) throw error;

    return answerOf(error);
  }
}

function answerOf(error: unknown): LogoutAnswer {
  const { response, message } = error as { response?: { status: number }; message?: string };

  if (response === undefined) {
    return { kind: 'retry', error: 'no_answer', detail: `${message ?? String(error)}${causeOf(error)}` };
  }

  const detail = `answered ${response.status}`;

  // Section 2.8: any success will do, and 400 says that it will never work.
  if (response.status >= 200 && response.status < 300) return { kind: 'delivered' };
  if (response.status === 400) return { kind: 'failed', error: 'refused', detail };

  return { kind: 'retry', error: 'other_answer', detail };
}

/** `fetch failed` says nothing by itself. */
function causeOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: unknown; message?: unknown } };
  const why = cause?.code ?? cause?.message;

  return typeof why === 'string' ? ` (${why})` : '';
}
