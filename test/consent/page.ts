import { consentRoutes } from '../../src/consent/index.ts';
import type { ConsentItem } from '../../src/domain/consent-items.ts';
import { showEnded } from '../../src/sign-in/index.ts';
import { ana, playInteractions, stepAt, wiki, type Played } from '../support/interactions.ts';
import { openSite } from '../web/site.ts';

/** The consent page through the real web, over a protocol that is played, and what it may be asked for. */
export const item = (id: string, more: Partial<ConsentItem> = {}): ConsentItem => ({
  id,
  ...(id.startsWith('scope:') && { scope: id.slice('scope:'.length) }),
  values: [],
  required: false,
  allowed: false,
  ...more,
});

export const openid = item('scope:openid', { required: true });
export const offline = item('scope:offline_access');
export const email = item('scope:email', { values: [{ claim: 'email', value: 'ana@example.com' }] });

export const profile = item('scope:profile', {
  values: [
    { claim: 'name', value: 'Ana Lindqvist' },
    { claim: 'locale', value: 'de' },
  ],
});

export const files = item('resource:https://files.example.com read', {
  resource: { indicator: 'https://files.example.com', name: 'Files', scope: 'read', description: 'Read your files' },
});

const lasts = { signedIn: 30 * 86_400, away: 90 * 86_400 };

export async function openConsent(
  items: ConsentItem[],
  now: Played['now'] = stepAt('consent', { client: wiki, account: ana }),
) {
  const played = playInteractions(now);
  played.asked = { items, offline: items.includes(offline) };

  const site = await openSite({
    routes: consentRoutes({ interactions: played.interactions, showEnded, lasts }),
    home: '/',
  });

  return Object.assign(site, { played });
}
