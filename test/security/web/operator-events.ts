import type { Account } from '../../../src/domain/account.ts';
import type { EventKind } from '../../../src/events/catalogue.ts';
import { goodPassword } from '../../support/app.ts';
import type { Ground, Party } from '../protocol/ground.ts';

const by = { actor: 'command-line' };

interface Place {
  ground: Ground;
  ben: Account;
}

/** What an operator does at the terminal. */
export const byOperator: [EventKind, (at: Place) => Promise<unknown>][] = [
  ['account.created', ({ ground }) => ground.app.account({})],
  ['account.disabled', ({ ground, ben }) => ground.app.services.locking.lock(ben.id, { reason: 'Lost' }, by)],
  ['account.enabled', ({ ground, ben }) => ground.app.services.locking.unlock(ben.id, by)],
  ['password.set', ({ ground, ben }) => ground.app.services.accounts.setPassword(ben.id, goodPassword, by)],
  ['client.created', ({ ground }) => ground.party('web')],
  ['client.secret_rotated', async ({ ground }) => rotate(ground, await ground.party('web'))],
  ['client.disabled', async ({ ground }) => ground.app.services.clients.disable((await ground.party('web')).id, by)],
  ['client.enabled', async ({ ground }) => enableAgain(ground, await ground.party('web'))],
  ['client.deleted', async ({ ground }) => ground.app.services.clients.delete((await ground.party('web')).id, by)],
  ['account.closed', async ({ ground }) => ground.app.services.accounts.delete((await ground.app.account({})).id, by)],
  ['account.deleted', async ({ ground }) => ground.app.services.accounts.delete((await ground.app.account({})).id, by)],
];

const enableAgain = async ({ app: { services } }: Ground, { id }: Party) =>
  [await services.clients.disable(id, by), await services.clients.enable(id, by)].at(-1);

const rotate = (ground: Ground, { id }: Party) => ground.app.services.clients.rotateSecret(id, 0, by);
