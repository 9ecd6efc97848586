import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Client } from '../../src/domain/client.ts';
import { secretsOf } from '../../src/operations/client-secrets.ts';
import { createClientUses, type ClientUses } from '../../src/operations/client-uses.ts';
import { createClients, type Clients } from '../../src/operations/clients.ts';
import { problem } from '../../src/operations/problems.ts';
import { fifty, openRoom, type Room } from '../credentials/room.ts';
import { valueOf } from '../support/app.ts';

let room: Room;
let uses: ClientUses;
let clients: Clients;

beforeEach(async () => {
  room = await openRoom();
  uses = createClientUses(room);
  clients = createClients({ ...room, uses, mode: 'production', resources: [], introspectable: [] });
});

afterEach(() => room[Symbol.asyncDispose]());

const operator = { actor: 'command-line' };
const make = async () =>
  valueOf(await clients.create({ client_name: 'Wiki', redirect_uris: ['https://wiki.example.net/cb'] }, operator));
const kinds = async () => (await room.records.events.list('time', 'all')).rows.map(({ kind }) => kind);

describe('secrets over time', () => {
  const unusedFor = 8 * 86_400_000;

  test('an older one can be ended, the newest only replaced', async () => {
    const { client } = await make();
    const { client: now } = (await clients.rotateSecret(client.id, 3600, operator)) ?? { client };
    const [newest, older] = now.secrets;

    await expect(clients.removeSecret(client.id, newest?.id ?? '', operator)).resolves.toMatchObject({
      problems: [{ key: 'problem.clientSecretNewest' }],
    });
    const removed = await fifty(() => clients.removeSecret(client.id, older?.id ?? '', operator));
    expect(removed.filter((one) => one.status === 'fulfilled' && one.value !== undefined)).toHaveLength(1);
    expect((await clients.show(client.id))?.secrets).toEqual([newest]);
    expect((await kinds()).filter((kind) => kind === 'client.secret_removed')).toHaveLength(1);
    await expect(clients.removeSecret('nobody', 'x', operator)).resolves.toBeUndefined();
  });

  test('fifty requests of one name make one, and say of the others that it was made', async () => {
    const { client } = await make();
    const outcomes = await fifty(() => clients.rotateSecret(client.id, 3600, operator, { once: 'form-1' }));

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(outcomes.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))).toEqual(
      Array.from({ length: 49 }, () => expect.stringContaining('the id is taken')),
    );
    expect((await clients.show(client.id))?.secrets).toHaveLength(2);
    expect((await kinds()).filter((kind) => kind === 'client.secret_rotated')).toHaveLength(1);
  });

  test('S53: what has to hold of the app is looked at in the write: of fifty who read it, one changes it', async () => {
    const { client } = await make();
    const only = ({ version }: Client) => (version === client.version ? undefined : ('changed' as const));
    const ways = [
      () => clients.rotateSecret(client.id, 3600, operator, { only }),
      () => clients.disable(client.id, operator, { only }),
    ];
    const outcomes = await fifty(async (at) => ways[at % 2]?.());
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await clients.show(client.id))?.version).toBe(client.version + 1);

    const reach = problem('resources', 'problem.adminReach');
    await expect(clients.enable(client.id, operator, { only: () => reach })).rejects.toMatchObject({ why: reach });
    expect((await clients.show(client.id))?.version).toBe(client.version + 1);
  });

  test('one that ends by itself is not shown any more, and the one that stays is the newest', async () => {
    const { client } = await make();
    const rotated = await clients.rotateSecret(client.id, 60, operator);
    room.clock.advance(60_000);

    expect(rotated && secretsOf(rotated.client, undefined, room.clock.now())).toMatchObject([{ isNewest: true }]);
  });

  test('uses are written once in ten minutes on each node, and raise no version', async () => {
    const { client } = await make();
    const secret = client.secrets[0]?.id ?? '';
    const another = createClientUses(room);
    const writes: number[] = [];
    const use = async (of: ClientUses, secretId?: string) => {
      const work = of.due(client.id, secretId);
      if (work) writes.push(room.clock.now());
      await work?.();
    };

    await fifty((at) => use(at % 2 === 0 ? uses : another, secret));
    writes.length = 0;
    await use(uses, secret);
    await use(uses);
    expect(writes).toEqual([]);

    const first = room.clock.now();
    expect(await uses.find(client.id)).toEqual({ id: client.id, lastUsedAt: first, secrets: { [secret]: first } });
    room.clock.advance(600_000);
    await use(uses);
    await use(another, secret);
    expect(writes).toHaveLength(2);
    expect(await uses.find(client.id)).toMatchObject({ lastUsedAt: room.clock.now() });
    expect((await clients.show(client.id))?.version).toBe(1);

    await clients.delete(client.id, operator);
    expect(await uses.find(client.id)).toBeUndefined();
  });

  test('an older one is safe to remove eight days after it was used last, or replaced, whichever is later', async () => {
    const { client } = await make();
    const [old] = client.secrets;
    const rotated = (await clients.rotateSecret(client.id, 90 * 86_400, operator))?.client ?? client;
    const replacedAt = room.clock.now();
    const safeAt = (now: number, lastUsedAt?: number) => {
      const secrets = lastUsedAt === undefined ? {} : { [old?.id ?? '']: lastUsedAt };

      return secretsOf(rotated, { id: client.id, lastUsedAt: 0, secrets }, now)[1]?.isSafeToRemove;
    };

    // Just replaced, whoever used it will come again.
    expect(safeAt(replacedAt)).toBe(false);
    expect(safeAt(replacedAt + unusedFor - 1)).toBe(false);
    expect(safeAt(replacedAt + unusedFor)).toBe(true);
    expect(safeAt(replacedAt + unusedFor, replacedAt + 1)).toBe(false);
    expect(safeAt(replacedAt + unusedFor + 1, replacedAt + 1)).toBe(true);
  });
});
