import type { TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import type { Person } from '../support/relying-party.ts';
import { enter, isSignedIn } from '../security/web/visits.ts';

/** A password that is good, and the fields that choose it. */
export const wanted = 'nine herons judge the moor';
export const chosen = { newPassword: wanted, confirmPassword: wanted };

/** What a person does about a forgotten password. */
export function recoveryAt(app: () => TestApp) {
  const open = () => openBrowser(app().url);

  return {
    async ask(email: string, browser = open()): Promise<Page> {
      return browser.submit(await browser.open('/forgot-password'), { email });
    },

    /** The path of the newest link. */
    async linkTo({ email }: Pick<Person, 'email'>): Promise<string> {
      const { link } = await app().mail.to(email, 'reset-password');

      return link.slice(app().url.length);
    },

    async reset(path: string, browser: Browser = open(), fields: Record<string, string> = chosen): Promise<Page> {
      return browser.submit(await browser.open(path), fields);
    },

    async signsIn(person: Person): Promise<boolean> {
      const browser = open();
      await enter(browser, person);

      return isSignedIn(browser);
    },
  };
}
