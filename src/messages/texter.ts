import type { Config } from '../config/schema.ts';
import type { Outcome } from './queue.ts';

/** Hands text messages to Twilio. Loads its library (21 MB) when the first one goes out. */
export interface Texter {
  /** Never throws for what the provider can do. */
  send(text: string, to: string, stop: AbortSignal): Promise<Outcome>;
}

type Sms = Config['messages']['sms'];

export interface TexterSettings extends Pick<Sms, 'from' | 'messaging_service_sid' | 'api_url'> {
  account_sid: string;
  auth_token: string;
  /** Milliseconds; tests have less of them. */
  timeout?: number;
}

/** Milliseconds (SECURITY.md 4.8). */
const longest = 5000;
/** Answers are a few hundred bytes. */
const largestAnswer = 256_000;

export function createTexter(settings: TexterSettings): Texter {
  const { account_sid, auth_token, from, messaging_service_sid, api_url, timeout = longest } = settings;
  let opened: ReturnType<typeof open> | undefined;

  async function open() {
    const { default: twilio } = await import('twilio');

    /** Asks where the configuration says, waits as long as we do, and logs nothing, whatever the environment says. */
    class Requests extends twilio.RequestClient {
      override request: InstanceType<typeof twilio.RequestClient>['request'] = (options) => {
        const { pathname, search } = new URL(options.uri);
        const uri = `${api_url}${pathname}${search}`;

        return super.request({ ...options, uri, timeout, allowRedirects: false, logLevel: 'none' });
      };
    }

    const httpClient = new Requests({ timeout, keepAlive: false });
    httpClient.axios.defaults.maxContentLength = largestAnswer;

    return twilio(account_sid, auth_token, { httpClient });
  }

  return {
    async send(text, to, stop) {
      if (stop.aborted) return { kind: 'unsent' };

      const client = await (opened ??= open());
      const sender =
        messaging_service_sid === undefined ? { from: from ?? '' } : { messagingServiceSid: messaging_service_sid };

      try {
        await inTime(client.messages.create({ to, body: text, ...sender }), timeout);

        return { kind: 'sent' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
  };
}

/** The library's time-out is one of silence: a server that drips would hold it for ever. */
async function inTime<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TimedOut()), milliseconds);

  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

class TimedOut extends Error {}

/** Nothing reached the provider: another try costs nothing. */
const neverArrived = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Refused before anything was done: wrong credentials (which the operator mends), too many requests, out of service. */
const untouched = new Set([401, 429, 503]);

/**
 * Twilio takes no key that would make a second try the same message, so one that it may have taken is not tried again:
 * it would cost twice and arrive twice. Whoever waits asks for a new code, within the caps. The error's own text is not
 * kept: it may hold the number, and the library's error holds the auth token.
 */
function outcomeOf(error: unknown): Outcome {
  const { status, code } = error as { status?: number; code?: number | string };

  if (error instanceof TimedOut || code === 'ECONNABORTED') {
    return { kind: 'failed', error: 'Twilio did not answer in time; it may have taken the message' };
  }

  if (status === undefined) {
    const told = `Twilio can’t be reached: ${typeof code === 'string' ? code : 'no answer'}`;

    return { kind: neverArrived.has(String(code)) ? 'retry' : 'failed', error: told };
  }

  const told = `Twilio answered ${status}${typeof code === 'number' ? ` (error ${code})` : ''}`;

  return { kind: untouched.has(status) ? 'retry' : 'failed', error: told };
}
