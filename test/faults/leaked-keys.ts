import { setTimeout as pause } from 'node:timers/promises';

import * as oidc from 'openid-client';

import { openBrowser, type Browser } from '../support/browser.ts';
import { startNodes } from '../support/nodes.ts';
import { relyingParty } from '../support/relying-party.ts';
import type { Pair } from '../support/storage.ts';
import { keyOf } from './verifier.ts';

/**
 * F18: the keys leaked. From the moment of `keys rotate --emergency` it is measured, in real time, how long each node
 * goes on publishing an old key, and believing an ID token that it signed.
 */
export interface LeakResult {
  /** Milliseconds until the last node had stopped, run by run. */
  until: number[];
  /** What did not go on or did not end: one line each. */
  wrong: string[];
}

const scope = 'openid offline_access';

/** A node that still believes after so many milliseconds never stops. */
const patience = 10_000;

export async function replaceLeakedKeys({ runs, pair = 'sqlite' }: { runs: number; pair?: Pair }): Promise<LeakResult> {
  await using nodes = await startNodes({ pair });
  const ana = await nodes.account();
  const wiki = await relyingParty(
    nodes,
    await nodes.client('web', {
      redirect_uris: ['https://wiki.example.net/cb'],
      grant_types: ['authorization_code', 'refresh_token'],
      scope,
      first_party: true,
    }),
  );
  const result: LeakResult = { until: [], wrong: [] };

  const doors = nodes.balancer.ports.map((port) => openBrowser(nodes.url, { connect: { port } }));

  /** Whether a node publishes the key of an ID token, or takes the token as a hint. */
  async function believes(door: Browser, hint: string): Promise<boolean> {
    const published = (await door.get('/oauth/jwks')).html.includes(keyOf(hint));
    const query = new URLSearchParams({ id_token_hint: hint });
    const { status } = await door.get(`/oauth/logout?${query.toString()}`);

    return published || status !== 400;
  }

  const believing = async (hint: string) => Promise.all(doors.map((door) => believes(door, hint)));

  for (let run = 1; run <= runs; run += 1) {
    const { tokens } = await wiki.signIn(ana, { request: { scope } });
    const old = tokens.id_token ?? '';
    if ((await believing(old)).includes(false)) result.wrong.push(`run ${run}: a token was not believed before`);

    await nodes.first.services.signingKeys.replace({ actor: 'command-line' });
    const begun = performance.now();
    const gone = () => performance.now() - begun;

    while ((await believing(old)).includes(true) && gone() < patience) await pause(50);
    result.until.push(Math.round(gone()));

    // The session and the refresh token go on, under the new keys.
    const { id_token: fresh = '' } = await oidc.refreshTokenGrant(wiki.config, tokens.refresh_token ?? '');
    if (keyOf(fresh) === keyOf(old)) result.wrong.push(`run ${run}: the old key still signs`);
    if ((await believing(fresh)).includes(false)) result.wrong.push(`run ${run}: the new key is not believed`);
  }

  return result;
}
