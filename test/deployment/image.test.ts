import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import packageDocument from '../../package.json' with { type: 'json' };
import { freePort, goodPassword } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { setUpAuthenticator } from '../support/second-factor.ts';
import { describeWith } from '../support/need.ts';
import { greeted } from '../support/process.ts';
import { buildImage, type Image } from './image.ts';

const isRoot = process.getuid?.() === 0;

/** What `docker build` and `docker run` would do, by hand: this is where no Docker is needed to see it. */
describeWith('registry', 'the image, made and run by hand', () => {
  let image: Image;
  let env: Record<string, string>;

  beforeAll(async () => {
    image = await buildImage();
    env = {
      GATEHOUSE_ISSUER: 'https://id.example.com',
      GATEHOUSE_PORT: String(await freePort()),
      GATEHOUSE_PROXY_TRUSTED: '127.0.0.1',
      GATEHOUSE_SECRETS_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    };
  }, 120_000);

  afterAll(async () => image[Symbol.asyncDispose]());

  test('holds what runs, and nothing that only tests and checks need', async () => {
    const { name = '', ...rest } = JSON.parse(await readFile(join(image.folder, 'package.json'), 'utf8')) as {
      name?: string;
      dependencies: Record<string, string>;
    };
    const installed = await readdir(join(image.folder, 'node_modules'));

    expect(name).toBe('gatehouse');
    expect(installed).toEqual(expect.arrayContaining(Object.keys(rest.dependencies).map((one) => one.split('/')[0])));
    expect(installed).not.toContain('jest');
    expect(installed).not.toContain('node');
    expect(await readdir(image.folder)).not.toContain('test');
    expect(Object.keys(packageDocument.devDependencies)).toEqual(expect.arrayContaining(['jest', 'node']));
  });

  test('does not start without a key, and says how one is made', async () => {
    const { GATEHOUSE_SECRETS_ENCRYPTION_KEY: _key, ...without } = env;
    const refused = image.run(without);

    expect(await refused.exit).toBe(78);
    expect(refused.err()).toContain('openssl rand -base64 32');
  });

  test('signs people in with nothing writable but its data, is well while it runs, and ends on its signal', async () => {
    const made = image.run(env, ['admin', 'create', '--email', 'ana@example.com', '--password-stdin']);
    made.process.stdin.end(goodPassword);
    expect({ code: await made.exit, err: made.err() }).toMatchObject({ code: 0 });

    const server = image.run(env);
    await Promise.race([greeted(server), server.exit]);
    expect(server.err()).toContain('Gatehouse answers at https://id.example.com (production mode).');
    expect(await image.check(env)).toBe(0);
    expect((await stat(join(image.data, 'records.db'))).uid).toBe(isRoot ? 1000 : process.getuid?.());

    const browser = openBrowser('https://id.example.com', { connect: { port: Number(env['GATEHOUSE_PORT']) } });
    const door = await browser.submit(await browser.open('/account'), {
      email: 'ana@example.com',
      password: goodPassword,
    });
    const page = await setUpAuthenticator(browser, door);
    expect(page.title).toContain('Personal information');

    const doctor = image.run(env, ['doctor']);
    expect({ code: await doctor.exit, out: doctor.out() + doctor.err() }).toMatchObject({ code: 0 });

    server.process.kill('SIGTERM');
    expect(await server.exit).toBe(0);
    expect(await image.check(env)).toBe(1);
  });
});
