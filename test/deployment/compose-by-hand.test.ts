import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { freePort, goodPassword } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { setUpAuthenticator } from '../support/second-factor.ts';
import { emptyDatabase } from '../support/mongo.ts';
import { describeWith } from '../support/need.ts';
import { greeted, launch, launchServer, type Child } from '../support/process.ts';
import { openProxySite, startCaddy, type Proxy, type ProxySite } from '../support/proxy.ts';
import { within } from '../support/within.ts';
import { makeSecrets, readComposed, type Composed, type Service } from './compose.ts';
import { readImage, root } from './dockerfile.ts';

/**
 * What Compose would start, as processes of this machine with its own commands, variables, health checks and files: Redis,
 * both nodes, Caddy. MongoDB is stood in for; names of services become addresses.
 */
describeWith(['compose', 'mongo', 'redis', 'caddy'], 'docker-compose.yml, by hand', () => {
  const opened = new AsyncDisposableStack();
  let folder: string;
  let secrets: string;
  let site: ProxySite;
  let composed: Composed;
  let proxy: Proxy;
  let nodes: Child[];
  let redis: { port: number; child: Child };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-by-hand-'));
    opened.defer(() => rm(folder, { recursive: true }));
    secrets = opened.use(await makeSecrets()).folder;
    site = await openProxySite();
    composed = readComposed({ GATEHOUSE_ISSUER: site.issuer });

    const { url, database } = opened.use(await emptyDatabase());
    await rm(join(secrets, 'mongo-url'));
    await writeFile(join(secrets, 'mongo-url'), `${url}/${database}`);

    redis = await startRedis();
    const ports = [await freePort(), await freePort()];
    nodes = ports.map((port) => end(gatehouse(['start'], { GATEHOUSE_PORT: String(port) }, launchServer)));
    await Promise.all(nodes.map((node) => Promise.race([greeted(node), node.exit])));
    proxy = opened.use(await startCaddy(site, ports));
  }, 120_000);

  afterAll(async () => opened.disposeAsync());

  test('Redis keeps what it is told, drops nothing, and asks for its password', async () => {
    const settings = async (name: string) => (await askRedis(`CONFIG GET ${name}`)).split('\n')[1];

    expect(await settings('appendonly')).toBe('yes');
    expect(await settings('maxmemory-policy')).toBe('noeviction');
    expect(await launch(['redis-cli', '-p', String(redis.port), 'PING'], { env: {} }).exit).toBe(0);
    expect(await askRedis('PING', '')).toContain('NOAUTH');
    expect(redis.child.process.spawnargs.join(' ')).not.toMatch(/[0-9a-f]{48}/);
  });

  test('both nodes are up, and the commands work beside them', async () => {
    expect(nodes.map((node) => node.err())).toEqual(
      nodes.map(() => expect.stringContaining(`Gatehouse answers at ${site.issuer} (production mode).`)),
    );

    const made = gatehouse(['admin', 'create', '--email', 'ana@example.com', '--password-stdin']);
    made.process.stdin.end(goodPassword);
    expect({ code: await made.exit, err: made.err() }).toEqual({ code: 0, err: expect.any(String) });
  });

  test('people sign in through the proxy, from one node to the other', async () => {
    const browser = openBrowser(site.issuer, { connect: { ...proxy.connect, from: '127.0.0.5' } });
    const door = await browser.submit(await browser.open('/account'), {
      email: 'ana@example.com',
      password: goodPassword,
    });
    const page = await setUpAuthenticator(browser, door);

    expect(page.title).toContain('Personal information');
    for (const node of nodes) expect(node.out()).toContain('"path":"/account');
    expect(await askRedis('DBSIZE')).not.toBe('0');
  });

  /** A node's variables as Compose and the image set them, but on this machine. */
  function gatehouse(args: readonly string[], more: Record<string, string> = {}, how = launch): Child {
    const data = join(folder, `data-${more['GATEHOUSE_PORT'] ?? 'command'}`);
    const given = { ...readImage().env, ...composed.services['gatehouse-1']?.environment };
    const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, here(String(value))]));

    return how([process.execPath, `${root}src/cli/gatehouse.js`, ...args], {
      env: { ...env, GATEHOUSE_HOST: '127.0.0.1', GATEHOUSE_PROXY_TRUSTED: '127.0.0.1', GATEHOUSE_DATA: data, ...more },
    });
  }

  function here(text: string): string {
    return text.replaceAll('/run/secrets', secrets).replace('redis:6379', `127.0.0.1:${redis.port}`);
  }

  function end(child: Child): Child {
    opened.defer(async () => {
      child.process.kill('SIGKILL');
      await child.exit;
    });

    return child;
  }

  async function startRedis(): Promise<typeof redis> {
    const { command = [], healthcheck } = composed.services['redis'] as Service;
    const port = await freePort();
    const data = join(folder, 'redis');
    const placed = (text: string): string =>
      text
        .replaceAll('/run/secrets', secrets)
        .replace('dir /data', `dir ${data}\nport ${port}\nbind 127.0.0.1`)
        .replace('redis-cli', `redis-cli -p ${port}`);

    await mkdir(data);

    const child = end(launchServer(command.map(placed), { env: {} }));
    const check = placed(healthcheck?.test[1] ?? '');

    await within(
      10_000,
      () => launch(['sh', '-c', check], { env: {} }).exit,
      (code) => code === 0,
    );

    return { port, child };
  }

  /** With the password of the file, unless another is given. */
  async function askRedis(line: string, password = '$(cat "$1")'): Promise<string> {
    const asked = launch(
      [
        'sh',
        '-c',
        `REDISCLI_AUTH="${password}" redis-cli -p ${redis.port} ${line}`,
        'sh',
        join(secrets, 'redis-password'),
      ],
      { env: {} },
    );
    await asked.exit;

    return asked.out().trim();
  }
});
