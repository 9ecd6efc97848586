import * as oidc from 'openid-client';

import { unescapeHtml } from '../support/html.ts';
import type { Browser, Page } from '../support/browser.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';
import type { TestApp } from '../support/app.ts';

/** Registering apps as an administrator does, and being an app that was told no more than what stands there to be pasted. */

export const files = 'https://files.example.com';
export const scopes = [{ name: 'files:read', description: { en: 'Read your files' } }, { name: 'files:write' }];
export const signed = 'https://signed.example.com';
export const resources = [
  { identifier: files, name: 'Files', scopes, format: 'opaque' },
  { identifier: signed, name: 'Signed', scopes: [{ name: 'signed:read' }], access_token: '5m' },
];

/** What was shown once, as an app reads it. */
export type Pasted = Partial<Record<`OIDC_${string}`, string>>;

export async function register(browser: Browser, kind: string, fields: Record<string, string>): Promise<Pasted> {
  const page = await browser.open(`/admin/clients/new/${kind}`);

  return pastedFrom(await browser.submit(page, fields, { form: `/admin/clients/new/${kind}` }));
}

export function pastedFrom(page: Page): Pasted {
  const [, text] = /<pre class="command" id="all">([\s\S]*?)<\/pre>/.exec(page.html) ?? [];
  if (text === undefined) throw new Error(`nothing to paste (${page.status}): ${page.words}`);

  return Object.fromEntries(
    [...unescapeHtml(text).matchAll(/^(OIDC_\w+)="(.*)"$/gm)].map(([, name, value]) => [name, value]),
  );
}

/** The name of the box beside these words. */
export function boxOf({ html }: Page, words: string): string {
  const labels = [...html.matchAll(/<label for="field-([\w-]+)">([^<]*)<\/label>/g)];
  const [, field] = labels.find(([, , text = '']) => unescapeHtml(text).includes(words)) ?? [];
  if (field === undefined) throw new Error(`no box ${words}`);

  return field;
}

/** An app with a browser, a server or none, of what was pasted into it. */
export function appFrom({ url }: Pick<TestApp, 'url'>, pasted: Pasted): Promise<RelyingParty> {
  const method = pasted.OIDC_CLIENT_AUTHENTICATION as 'none';
  const metadata = {
    client_name: 'pasted',
    redirect_uris: pasted.OIDC_REDIRECT_URI === undefined ? [] : [pasted.OIDC_REDIRECT_URI],
    token_endpoint_auth_method: method,
  };
  const client = { id: pasted.OIDC_CLIENT_ID ?? '', metadata } as unknown as Parameters<
    typeof relyingParty
  >[1]['client'];
  const secret = pasted.OIDC_CLIENT_SECRET;

  return relyingParty({ url: pasted.OIDC_ISSUER ?? url }, { client, ...(secret !== undefined && { secret }) });
}

/** Whether a sign-in of the app gets through to its tokens, or the error that it was answered. */
export async function refreshed({ config }: RelyingParty, token: string): Promise<string> {
  try {
    return (await oidc.refreshTokenGrant(config, token)).refresh_token ?? '';
  } catch (error) {
    return error instanceof oidc.ResponseBodyError ? error.error : String(error);
  }
}
