import { startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type Browser, type Page } from '../../support/browser.ts';
import { createOutage, type Outage } from '../../support/outage.ts';
import { unlimited } from '../web/visits.ts';

/** An attacker at the sign-in form: any number of browsers, behind any address. */
export interface Street extends AsyncDisposable {
  app: TestApp;
  outage: Outage;
  /** At the sign-in form, coming from this address. */
  at(ip: string): Promise<Door>;
}

export interface Door {
  browser: Browser;
  /** Sends the form once, and follows nothing. */
  try(email: string, password: string): Promise<Page>;
  /** Sends it so many times at once; answers the statuses. */
  tryAtOnce(count: number, email: string, password: (index: number) => string): Promise<number[]>;
}

/** Many people stand behind one proxy here, which says who they are. */
export async function openStreet(env: Record<string, string> = {}): Promise<Street> {
  const outage = createOutage();
  const app = await startTestApp({
    aroundStores: outage.around,
    env: { ...unlimited, GATEHOUSE_PROXY_TRUSTED: '127.0.0.1', ...env },
  });

  return {
    app,
    outage,

    async at(ip) {
      const browser = openBrowser(app.url, { headers: { 'x-forwarded-for': ip } });
      const page = await browser.open('/account');

      const door: Door = {
        browser,
        try: (email, password) => browser.submit(page, { email, password }, { follow: false }),
        async tryAtOnce(count, email, password) {
          const all = Array.from({ length: count }, (_, index) => door.try(email, password(index)));

          return (await Promise.all(all)).map(({ status }) => status);
        },
      };

      return door;
    },

    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

export const wrong = (index = 0): string => `not-the-password-of-anybody-${index}`;

export function countOf<T>(all: readonly T[], one: T): number {
  return all.filter((other) => other === one).length;
}
