import { randomBytes } from 'node:crypto';

import { freePort, startTestApp, type TestApp, type TestAppOptions } from '../../support/app.ts';
import type { Connect } from '../../support/browser.ts';

export interface SecureApp extends TestApp {
  /** For `openBrowser(app.url, app.reach)`: the browser stands where the proxy would. */
  reach: { connect: Connect };
}

/** The whole app as in production: an https issuer behind a proxy on this machine that ends TLS. */
export async function startSecureApp(options: TestAppOptions = {}): Promise<SecureApp> {
  const port = await freePort();
  const app = await startTestApp({
    ...options,
    env: {
      GATEHOUSE_ISSUER: 'https://id.example.com',
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_PROXY_TRUSTED: '127.0.0.1',
      GATEHOUSE_SECRETS_ENCRYPTION_KEY: randomBytes(32).toString('base64url'),
      // Production takes no less.
      GATEHOUSE_PASSWORDS_ARGON2_MEMORY_KIB: '19456',
      GATEHOUSE_PASSWORDS_ARGON2_ITERATIONS: '2',
      ...options.env,
    },
  });

  return Object.assign(app, { reach: { connect: { port } } });
}
