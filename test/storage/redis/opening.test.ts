import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';

import { createServer } from 'node:net';
import { once } from 'node:events';
import { StoreUnfit } from '../../../src/storage/refusals.ts';
import { freePort } from '../../support/app.ts';
import { describeWith } from '../../support/need.ts';
import { within } from '../../support/within.ts';
import { openPlace } from '../../support/process.ts';
import { newPrefix, startRedis, type RedisServer } from '../../support/redis.ts';
import { ephemeraContract } from '../ephemera.contract.ts';
import { asks, openStore, recovery } from './opened.ts';
import { commandsOf, commandsUsed, rightsAtServer } from './rights.ts';

const certificate = (name: string) =>
  fileURLToPath(new URL(`../../security/protocol/certificate/${name}.pem`, import.meta.url));

describeWith('redis', 'opening a store in Redis', () => {
  let server: RedisServer;
  let url: (user: string, password?: string) => string;

  beforeAll(async () => {
    server = await startRedis({ settings: ['--requirepass', 'right'], password: 'right' });
    url = (user, password = 'secret') => `redis://${user}:${password}@127.0.0.1:${server.port}/1`;

    await server.command('ACL', 'SETUSER', 'gatehouse', ...rightsAtServer, '+select');
    await server.command('ACL', 'SETUSER', 'reader', 'on', '>secret', '~gatehouse:*', '+@read', '+info', '+select');
    await server.command('ACL', 'SETUSER', 'stranger', 'on', '>secret', '~other:*', '+@all');
    await server.command('ACL', 'SETUSER', 'old', ...rightsAtServer, '+select', '-getdel');
  });

  afterAll(async () => server[Symbol.asyncDispose]());

  ephemeraContract('Redis, as a user with the rights that the README names', async () => {
    const prefix = `gatehouse:${newPrefix()}`;

    return {
      async open(clock) {
        const store = await openStore({ url: url('gatehouse'), prefix }, clock);
        await recovery(() => store.ready());

        return store;
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  });

  test('needs all the rights that the README names, and no others', async () => {
    await server.command('CONFIG', 'RESETSTAT');
    await using store = await openStore({ url: url('gatehouse') });
    await server.command('SCRIPT', 'FLUSH', 'SYNC');

    for (const [, ask] of asks) await ask(store);
    expect(await store.advice?.()).toEqual([
      expect.objectContaining({ state: 'warning', mend: 'Set appendonly to yes.' }),
    ]);

    // Where INFO says it, CONFIG GET is not asked; the rest is this test's own.
    const own = ['auth', 'config|resetstat', 'script|flush'];
    const used = (await commandsUsed(server)).filter((command) => !own.includes(command));
    expect([...used, 'config|get'].sort()).toEqual([...commandsOf(rightsAtServer), 'select'].sort());
  });

  test.each([
    ['no password', () => `redis://127.0.0.1:${server.port}`, 'NOAUTH', 'Correct the user and the password'],
    ['a wrong password', () => url('gatehouse', 'canary'), 'WRONGPASS', 'Correct the user and the password'],
    ['a user who may only read', () => url('reader'), 'NOPERM', 'commands and keys that the README names'],
    ['a user of other keys', () => url('stranger'), 'NOPERM', 'commands and keys that the README names'],
    ['a user without one command', () => url('old'), 'NOPERM', 'commands and keys that the README names'],
    [
      'a database that it has not got',
      () => url('gatehouse').replace(/1$/, '99'),
      'of this number',
      'Correct the number',
    ],
  ])('is refused in words with %s', async (_what, address, reason, mend) => {
    const failure = await openStore({ url: address() }).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(StoreUnfit);
    expect(failure).toMatchObject({ exitCode: 78 });
    expect(String(failure)).toContain(`127.0.0.1:${server.port}`);
    expect(String(failure)).toContain(reason);
    expect(String(failure)).toContain(mend);
    expect(String(failure)).not.toContain('canary');
    expect(String(failure).match(/Redis at/g)).toHaveLength(1);
  });

  test('is refused in words when the file of authorities is not there', async () => {
    const failure = await openStore({ url: 'rediss://localhost', ca_file: '/nowhere.pem' }).catch(
      (error: unknown) => error,
    );

    expect(failure).toBeInstanceOf(StoreUnfit);
    expect(String(failure)).toContain('/nowhere.pem');
  });

  test('goes over TLS when the address says so, and only to whom it trusts', async () => {
    const port = await freePort();
    const files = ['--tls-cert-file', certificate('certificate'), '--tls-key-file', certificate('key')];
    await using tls = await startRedis({ settings: [...files, '--tls-port', `${port}`, '--tls-auth-clients', 'no'] });
    const address = `rediss://localhost:${port}`;
    await using store = await openStore({ url: address, ca_file: certificate('certificate') });
    await using distrustful = await openStore({ url: address });

    for (const [, ask] of asks) await ask(store);
    expect((await tls.command('CLIENT', 'LIST')).match(/name=gatehouse/g)).toHaveLength(1);
    await expect(distrustful.ready()).rejects.toThrow(/self.signed certificate/);
  });

  test.each([
    ['nothing', async () => freePort(), 'ECONNREFUSED'],
    ['what is no Redis', async () => stranger.port(), /Protocol error|no connection/],
  ])('is not refused where %s answers: it may come, and until then it is said why not', async (_what, port, reason) => {
    await using store = await openStore({ url: `redis://127.0.0.1:${await port()}` });

    await expect(store.ready()).rejects.toThrow(reason);
  });

  const stranger = {
    async port(): Promise<number> {
      const program = createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).unref();
      program.listen(0, '127.0.0.1');
      await once(program, 'listening');
      const address = program.address();

      return typeof address === 'object' && address !== null ? address.port : 0;
    },
  };

  test('a start with a wrong password ends with 78 and says so; without Redis it serves and says so', async () => {
    await using place = await openPlace();
    const kind = { GATEHOUSE_STORAGE_EPHEMERA_KIND: 'redis' };
    const wrong = await place.run(['start'], {
      env: { ...kind, GATEHOUSE_STORAGE_EPHEMERA_URL: url('gatehouse', 'canary') },
    });

    expect(wrong.code).toBe(78);
    expect(wrong.err).toContain('WRONGPASS');
    expect(wrong.err + wrong.out).not.toContain('canary');

    const nowhere = `redis://127.0.0.1:${await freePort()}`;
    await using started = await place.start({ ...kind, GATEHOUSE_STORAGE_EPHEMERA_URL: nowhere });

    expect(started.err()).toContain('ECONNREFUSED');
    expect((await fetch(`${started.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${started.url}/readyz`)).status).toBe(200);
    const log = async () => (await fetch(`${started.url}/readyz`), started.out());
    await within(5000, log, (lines) => lines.includes('"event":"without_ephemera"'));
  });
});
