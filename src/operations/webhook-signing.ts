import { createHmac, randomBytes } from 'node:crypto';

/**
 * Signatures of what webhooks are sent, as Standard Webhooks 1.0 has them: HMAC-SHA-256 over `id.time.body`, one for each
 * secret that works, so that a receiver is never without the right one while a secret is replaced.
 */
const prefix = 'whsec_';

/** 256 bits; the specification asks for 192 to 512. */
const secretBytes = 32;

export function newWebhookSecret(): string {
  return prefix + randomBytes(secretBytes).toString('base64');
}

export interface Signed {
  /** The same at each try: by it a receiver knows what it has already had. */
  id: string;
  /** When this try is made, in milliseconds: an old one that somebody plays again is refused. */
  at: number;
  body: string;
}

/** The headers that go with it. `secrets` as `newWebhookSecret` makes them. */
export function signatureHeaders({ id, at, body }: Signed, secrets: readonly string[]): Record<string, string> {
  const seconds = String(Math.floor(at / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(prefix.length), 'base64');

    return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
  });

  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': signatures.join(' ') };
}
