import * as oidc from 'openid-client';

import { accountApi } from '../../src/api/account.ts';
import { adminApi } from '../../src/api/admin.ts';
import { openWhy } from '../../src/app-why.ts';
import type { DescribedApi } from '../../src/api/openapi.ts';
import type { Account } from '../../src/domain/account.ts';
import { newId } from '../../src/domain/ids.ts';
import { openAdministration, type AdministrationRoom } from '../support/administration.ts';
import { valueOf, type TestApp } from '../support/app.ts';
import type { Browser } from '../support/browser.ts';
import { relyingParty, tickAll } from '../support/relying-party.ts';
import type { Pair } from '../support/storage.ts';

/**
 * Everybody who may stand before our APIs, each with what they show. Who is let in where follows from the scope of what is
 * asked for, and from nothing else that is known of it.
 */
export interface Callers extends AsyncDisposable {
  app: TestApp;
  apis: { account: DescribedApi; admin: DescribedApi };
  /** A key of `account` at one of our APIs: all that it offers them, unless told otherwise. */
  keyFor(account: Account, api: DescribedApi, may?: (scope: string) => boolean): Promise<string>;
  somebody: AdministrationRoom['somebody'];
  /** A token of an app that this person allows everything at the API. */
  allowed(browser: Browser, api: DescribedApi): Promise<string>;
  /** A token that an app got for itself, and how to disable the app. */
  machine(of: { resource?: string; allowed?: string }): Promise<{ token: string; disable(): Promise<void> }>;
}

export const ordersApi = 'https://orders.example.com';

const config = JSON.stringify({
  api_keys: { limit: 50 },
  limits: { requests: { api: 1_000_000 } },
  resources: [{ identifier: ordersApi, name: 'Orders', format: 'opaque', scopes: [{ name: 'orders:read' }] }],
});

export async function openCallers(pair: Pair): Promise<Callers> {
  const room = await openAdministration(pair, { config });
  const { app } = room;
  const why = openWhy(app.services, () => undefined);
  const deps = { ...app.services, why, interactions: app.oidc.interactions, tokenFor: app.oidc.tokenFor };

  return {
    app,
    apis: { account: accountApi(deps), admin: adminApi(deps) },
    somebody: room.somebody,

    async keyFor(account, { words }, may = () => true) {
      const offered = app.services.apiKeys.offeredTo(account).find(({ identifier }) => identifier === words.identifier);
      const permissions = (offered?.scopes ?? [])
        .filter(({ name }) => may(name))
        .map(({ name }) => ({ audience: words.identifier, scope: name }));
      const made = await app.services.apiKeys.create(
        account,
        { name: 'Matrix', permissions, once: newId() },
        { actor: account.id },
      );
      if (made === 'made') throw new Error('made before');

      return valueOf(made).key;
    },

    async allowed(browser, { words: { identifier: resource, scopes } }) {
      const scope = ['openid', ...scopes.map(({ name }) => name)].join(' ');
      const metadata = { redirect_uris: ['https://app.example/cb'], resources: [resource], scope };
      const party = await relyingParty(app, await app.client('web', metadata));
      const departure = await party.request({ scope, resource });
      const consent = await browser.open(departure.url.href);
      const left = await browser.submit(consent, tickAll(consent), { button: 'Allow' });
      const tokens = await party.redeem(departure, left.location ?? '', { resource });

      return tokens.access_token;
    },

    async machine({ resource, allowed = resource }) {
      const names = app.services.config.apis.find(({ identifier }) => identifier === resource)?.scopes ?? [];
      const scope = names.map(({ name }) => name).join(' ');
      const { client, secret } = await app.client('machine', {
        ...(allowed !== undefined && { resources: [allowed] }),
      });
      const { config: party } = await relyingParty(app, { client, secret: secret ?? '' });
      const asked = resource === undefined ? {} : { resource, scope };
      const { access_token: token } = await oidc.clientCredentialsGrant(party, asked);

      return {
        token,
        async disable() {
          await app.services.clients.disable(client.id, { actor: 'command-line' });
        },
      };
    },

    [Symbol.asyncDispose]: () => room[Symbol.asyncDispose](),
  };
}
