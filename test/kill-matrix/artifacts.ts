import { createRemoteJWKSet, jwtVerify } from 'jose';

import { addOn, seeProfile } from '../flows/api-key-room.ts';
import { answer } from '../support/device.ts';
import { tickAll } from '../support/relying-party.ts';
import { orders, ordersTokenLife, type Scene } from './scene.ts';

/** One thing that can act for somebody, and how it is put to use. What uses it up is used up. */
export interface Artifact {
  works(): Promise<boolean>;
  /** What the page Devices calls it, where it stands there. */
  listedAs?: RegExp;
}

const bound = { scope: 'openid profile email' };

/** All of them, by the names of the table, made on the phone. */
export async function handOut(scene: Scene): Promise<ReadonlyMap<string, Artifact>> {
  const { nodes, ana, phone, wiki, board } = scene;
  const url = (path: string) => new URL(path, nodes.url);
  const bearer = (path: string, token: string) => fetch(url(path), { headers: { authorization: `Bearer ${token}` } });

  const opaque = await board.tokens(phone, bound);
  const signed = await signedToken(scene);
  const away = await wiki.tokens(phone);
  const { code } = await board.code(phone, bound);
  const step = await phone.open(board.url({ ...bound, prompt: 'consent' }));
  const link = await resetLink(scene);
  const deviceCode = await allowedDeviceCode(scene);
  const key = await apiKey(scene, seeProfile);
  const stocks = await apiKey(scene, 'Read the stock');

  return new Map<string, Artifact>([
    [
      'session cookie',
      {
        works: async () => (await phone.get('/account/personal-information')).status === 200,
        listedAs: /Safari on iOS/,
      },
    ],
    [
      'access token, opaque',
      {
        works: async () => {
          const { status } = await bearer('/oauth/userinfo', opaque.access_token);
          const { body } = await board.introspect(opaque.access_token);

          return agreed(status === 200, body['active'] === true);
        },
      },
    ],
    [
      'access token, signed',
      {
        works: async () => {
          if ((await bearer('/oauth/userinfo', signed)).status !== 401) throw new Error('we took a signed token');
          const keys = createRemoteJWKSet(url('/oauth/jwks'));
          const { payload } = await jwtVerify(signed, keys, {
            audience: orders,
            currentDate: new Date(nodes.clock.now()),
          });

          // The API's own setting says how long one lives at most.
          const left = (payload.exp ?? Infinity) - nodes.clock.now() / 1000;

          return payload.sub === ana.id && left <= ordersTokenLife;
        },
      },
    ],
    [
      'refresh token',
      {
        works: async () => (await wiki.refresh(away.refresh_token)).status === 200,
        listedAs: /Wiki Works while you are away/,
      },
    ],
    ['authorization code', { works: async () => (await board.redeem(code)).status === 200 }],
    [
      'step of a sign-in',
      {
        works: async () => {
          const { location = '' } = await phone.submit(step, tickAll(step), { button: 'Allow' });
          const given = location.startsWith(board.redirectUri) ? new URL(location).searchParams.get('code') : null;

          return given !== null && (await board.redeem(given)).status === 200;
        },
      },
    ],
    ['link that resets the password', { works: async () => (await fetch(link)).status === 200 }],
    ['device code, allowed', { works: async () => (await poll(scene, deviceCode)).status === 200 }],
    [
      'API key',
      {
        works: async () => {
          const { status } = await bearer('/api/account/v1/profile', key);
          const { body } = await scene.stock.introspect(stocks);

          return agreed(status === 200, body['active'] === true);
        },
        listedAs: /Backup API key/,
      },
    ],
  ]);
}

/** An access token for an API that checks signatures alone, of the session on the phone. */
async function signedToken({ phone, board }: Scene): Promise<string> {
  const wish = { scope: 'openid orders:read', resource: orders };
  const { code } = await board.code(phone, wish);
  const { status, text, body } = await board.redeem(code, { resource: orders });
  if (status !== 200) throw new Error(text);

  return String(body['access_token']);
}

async function resetLink({ nodes, ana, phone }: Scene): Promise<string> {
  await phone.submit(await phone.open('/forgot-password'), { email: ana.email });

  return (await nodes.first.mail.to(ana.email, 'reset-password')).link;
}

/** What is asked in two ways is answered in one. */
function agreed(one: boolean, other: boolean): boolean {
  if (one !== other) throw new Error('an API and introspection do not agree');

  return one;
}

/** Of a device that the person on the phone has let in, and that has not asked since. */
async function allowedDeviceCode({ phone, television }: Scene): Promise<string> {
  const asked = await television.post('/oauth/device-authorization', { scope: 'openid profile' });
  if (asked.status !== 200) throw new Error(asked.text);

  const page = await answer(phone, String(asked.body['user_code']));
  if (page.status !== 200 || !page.words.includes('Television')) throw new Error(page.words);

  return String(asked.body['device_code']);
}

function poll({ television }: Scene, code: string) {
  return television.post('/oauth/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: code,
  });
}

async function apiKey({ phone }: Scene, may: string): Promise<string> {
  const page = await addOn(phone, { name: 'Backup', may: [may] });
  const [key] = /gthk_[0-9A-Za-z]{42}/.exec(page.html) ?? [];
  if (key === undefined) throw new Error(page.words);

  return key;
}
