import * as oidc from 'openid-client';

import type { Registered } from '../../src/operations/clients.ts';
import type { TestApp } from './app.ts';
import type { Browser, Page } from './browser.ts';

/** A device without a browser (RFC 8628), on openid-client; what a person does stands beside it. */
export interface TestDevice {
  config: oidc.Configuration;
  clientId: string;
  ask(more?: Record<string, string>): Promise<oidc.DeviceAuthorizationResponse>;
  /** One question at the token endpoint, as it is answered. */
  poll(deviceCode: string, more?: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }>;
}

export async function openDevice(
  app: Pick<TestApp, 'url'>,
  { client, secret }: Registered,
  userAgent = 'Television/1.0',
): Promise<TestDevice> {
  const config = await oidc.discovery(
    new URL(app.url),
    client.id,
    undefined,
    secret === undefined ? oidc.None() : oidc.ClientSecretBasic(secret),
    { execute: [oidc.allowInsecureRequests] },
  );
  const authorization = secret === undefined ? {} : { authorization: `Basic ${btoa(`${client.id}:${secret}`)}` };
  config[oidc.customFetch] = (url, { headers, ...rest }) =>
    fetch(url, { ...rest, headers: { ...headers, 'user-agent': userAgent } } as RequestInit);

  return {
    config,
    clientId: client.id,
    ask: (more = {}) => oidc.initiateDeviceAuthorization(config, { scope: 'openid profile offline_access', ...more }),

    async poll(code, more = {}) {
      const response = await fetch(`${app.url}/oauth/token`, {
        method: 'POST',
        headers: { ...authorization, 'user-agent': userAgent },
        body: new URLSearchParams({
          grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
          device_code: code,
          client_id: client.id,
          ...more,
        }),
      });

      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
  };
}

/** Enters a code; answers what comes then: what is asked, signing in, or the same page with what is wrong. */
export async function enter(browser: Browser, code: string): Promise<Page> {
  return browser.submit(await browser.open('/device'), { user_code: code });
}

/** Allows or refuses what is asked, in a browser that is signed in. */
export async function answer(browser: Browser, code: string, button: 'Allow' | 'Don’t allow' = 'Allow') {
  return browser.submit(await enter(browser, code), {}, { button });
}
