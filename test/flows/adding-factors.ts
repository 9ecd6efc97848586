import type { RequestOptions } from '../../src/credentials/passkey.ts';
import type { Account } from '../../src/domain/account.ts';
import { valueOf, type TestApp } from '../support/app.ts';
import { softwareAuthenticator } from '../support/authenticator.ts';
import { openBrowser, type Browser } from '../support/browser.ts';
import { totpAt } from '../support/totp.ts';

export const day = 86_400_000;

type Person = Account & { password: string };

/** Ways to sign in that are added to somebody's account, each some time after the one before. */
export function addingAt(app: () => TestApp) {
  const by = (person: Account) => ({ actor: person.id });

  /** One that was there long before anything happened. */
  async function settled(about: Parameters<TestApp['account']>[0] = {}): Promise<Person> {
    const person = await app().account(about);
    app().clock.advance(8 * day);

    return person;
  }

  async function addPasskey(person: Person, name = 'Key') {
    const device = softwareAuthenticator({ synced: true, origin: app().url });
    const response = device.create(await app().services.passkeys.creationOptions(person, 'session'));
    const { recoveryCodes } = valueOf(
      await app().services.passkeys.add(person, { response, name, binding: 'session' }, by(person)),
    );
    app().clock.advance(1000);

    return { device, recoveryCodes };
  }

  /** Answers the next code. */
  async function addAuthenticator(person: Person): Promise<() => string> {
    const { secret } = await app().services.authenticators.begin(person, 'session');
    const code = () => totpAt(secret.replaceAll(' ', ''), app().clock.now());
    const confirmed = await app().services.authenticators.confirm(
      person,
      { code: code(), binding: 'session' },
      by(person),
    );
    if (confirmed === 'ended') throw new Error('not begun');
    valueOf(confirmed);
    app().clock.advance(30_000);

    return code;
  }

  async function addMail(person: Person): Promise<void> {
    valueOf(await app().services.twoFactor.add(person, 'email', by(person)));
    app().clock.advance(1000);
  }

  async function passkeyVisit(device: ReturnType<typeof softwareAuthenticator>): Promise<Browser> {
    const browser = openBrowser(app().url);
    const page = await browser.open('/account');
    const [, options = ''] = /data-passkey="([^"]*)"/.exec(page.html) ?? [];
    const asked = JSON.parse(options.replaceAll('&#34;', '"').replaceAll('&amp;', '&')) as RequestOptions;
    await browser.submit(page, { response: device.get(asked) }, { form: '/passkey' });

    return browser;
  }

  return { by, settled, addPasskey, addAuthenticator, addMail, passkeyVisit };
}
