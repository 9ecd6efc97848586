import { addressVisits } from '../flows/address-visits.ts';
import { recoveryAt } from '../flows/recovery.ts';
import type { Page } from '../support/browser.ts';
import { totpAt } from '../support/totp.ts';
import type { Scene } from './scene.ts';

/** What happens, by the names of the table: what the person does on the laptop, or an operator from outside. */
export const events: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  async 'signed out there'({ phone }) {
    await phone.submit(await phone.open('/account/personal-information'), {}, { form: '/account/sign-out' });
  },

  async 'all others signed out'({ laptop }) {
    await done(
      laptop.submit(await laptop.open('/account/devices/others'), {}, { form: '/account/devices', follow: false }),
    );
  },

  async 'password changed'({ laptop, ana }) {
    const fields = { currentPassword: ana.password, newPassword: another, confirmPassword: another };
    await done(laptop.submit(await laptop.open(security), fields, { follow: false }));
    ana.password = another;
  },

  async 'password reset'({ nodes, ana }) {
    const recovery = recoveryAt(() => nodes.first);
    await recovery.ask(ana.email);
    await recovery.reset(await recovery.linkTo(ana), undefined, { newPassword: another, confirmPassword: another });
    ana.password = another;
  },

  async 'second factor added'({ nodes, laptop }) {
    const begun = await laptop.submit(await laptop.open(security), {}, { form: '/authenticator/begin' });
    const secret = (/class="secret">([A-Z2-7 ]+)</.exec(begun.html)?.[1] ?? '').replaceAll(' ', '');
    const page = await laptop.submit(begun, { code: totpAt(secret, nodes.clock.now()) }, { form: '/authenticator' });
    if (!page.words.includes('recovery codes')) throw new Error(page.words);
  },

  async 'e-mail changed'({ nodes, laptop, ana }) {
    const email = `new.${ana.email}`;
    const page = await addressVisits(nodes.first).change(laptop, email);
    if (!page.words.includes(email)) throw new Error(page.words);
    ana.email = email;
  },

  'account disabled': ({ nodes, ana }) => nodes.first.services.locking.lock(ana.id, { reason: 'Lost' }, by),

  async 'account closed'({ laptop }) {
    const page = await laptop.submit(await laptop.open('/account/close'), { agree: 'on' });
    if (!page.title.includes('closed')) throw new Error(page.words);
  },

  async 'access removed'({ laptop, wiki, board, television }) {
    for (const { id } of [wiki, board, television]) {
      const page = await laptop.open(`/account/applications/${id}/remove`);
      await done(laptop.submit(page, {}, { form: '/remove', follow: false }));
    }
  },

  async 'app revoked'({ nodes, wiki, board, television }) {
    const { clientAdministration: clients } = nodes.first.services;
    for (const { id } of [wiki, board, television]) await clients.revoke(id, by);
  },

  async 'app deleted'({ nodes, wiki, board, television }) {
    for (const { id } of [wiki, board, television]) await nodes.first.services.clients.delete(id, by);
  },
};

const by = { actor: 'command-line' };
const security = '/account/sign-in-and-security';
const another = 'nine herons judge the moor';

async function done(answer: Promise<Page>): Promise<void> {
  const page = await answer;
  if (page.status !== 303) throw new Error(`${page.url} answered ${page.status}: ${page.words}`);
}
