import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import ipaddr from 'ipaddr.js';

import { diskFiles } from '../../src/config/files.ts';
import { loadConfig, type Loaded } from '../../src/config/load.ts';
import { describeWith } from '../support/need.ts';
import { makeSecrets, readComposed, type Composed, type Secrets } from './compose.ts';
import { readImage } from './dockerfile.ts';

const issuer = 'https://id.example.com';

describeWith('compose', 'docker-compose.yml', () => {
  let composed: Composed;
  let secrets: Secrets;

  beforeAll(async () => {
    composed = readComposed({ GATEHOUSE_ISSUER: issuer });
    secrets = await makeSecrets();
  });

  afterAll(async () => secrets[Symbol.asyncDispose]());

  /** What a node makes of its variables, with the image's own below them and the secrets where Compose puts them. */
  function loadNode(more: Record<string, string> = {}): Loaded {
    const { environment } = composed.services['gatehouse-1'] ?? {};
    const text = Object.entries(environment ?? {}).map(([name, value]) => [name, String(value)] as const);

    return loadConfig({
      env: { ...readImage().env, ...Object.fromEntries(text), ...more },
      files: { read: (path, most) => diskFiles.read(path.replace('/run/secrets', secrets.folder), most) },
    });
  }

  test('is valid, and asks for the one thing that only the operator knows', () => {
    expect(Object.keys(composed.services).toSorted()).toEqual(
      ['gatehouse-1', 'gatehouse-2', 'mail', 'mongo', 'proxy', 'redis'].toSorted(),
    );
    expect(() => readComposed({})).toThrow('Say where people reach Gatehouse');
  });

  test('its nodes start with what it gives them and the secrets that README makes', () => {
    const { config, problems } = loadNode();

    expect(problems).toBeUndefined();
    expect(config).toMatchObject({
      mode: 'production',
      issuer,
      host: '0.0.0.0',
      storage: { records: { kind: 'mongo' }, ephemera: { kind: 'redis', url: 'redis://redis:6379/0' } },
      messages: { smtp: { host: 'mail', security: 'starttls' } },
    });
    expect(config?.storage.records).toMatchObject({
      url: expect.stringMatching(/^mongodb:\/\/gatehouse:[0-9a-f]{48}@mongo\/gatehouse\?replicaSet=gatehouse$/),
    });
    expect(composed.services['gatehouse-2']).toEqual(composed.services['gatehouse-1']);
  });

  test('nothing stands in for a secret: without its file, a node says which one and does not start', async () => {
    const declared = Object.keys(composed.secrets);
    const used = Object.values(composed.services).flatMap((service) => service.secrets ?? []);
    const files = await Promise.all(declared.map((name) => stat(join(secrets.folder, name))));

    expect(new Set(used.map(({ source }) => source))).toEqual(new Set(declared));
    expect(files.map(({ mode, size }) => [mode & 0o777, size > 20])).toEqual(declared.map(() => [0o444, true]));

    const { problems } = loadNode({ GATEHOUSE_SECRETS_ENCRYPTION_KEY_FILE: '/run/secrets/none' });
    expect(problems?.[0]?.message).toContain('secrets.encryption_key: its file');
  });

  test('forwarded headers count from the proxy’s own address, which is fixed, in the network, and given to nobody else', () => {
    for (const [env, network] of [
      [{}, '172.31.86'],
      [{ FRONT_NETWORK: '10.99.1' }, '10.99.1'],
    ] as const) {
      const { services, networks } = readComposed({ GATEHOUSE_ISSUER: issuer, ...env });
      const address = services['proxy']?.networks['front']?.ipv4_address ?? '';
      const [own] = networks['front']?.ipam?.config ?? [];
      if (own === undefined) throw new Error('the network has no addresses of its own');
      const { subnet, gateway, ip_range: range } = own;

      expect({ address, subnet, gateway, range }).toEqual({
        address: `${network}.2`,
        subnet: `${network}.0/28`,
        gateway: `${network}.1`,
        range: `${network}.8/29`,
      });

      const isIn = (one: string, of: string) => ipaddr.parse(one).match(ipaddr.parseCIDR(of));
      // The engine hands its range out from the lowest address that is free, to the nodes first.
      expect([isIn(address, subnet), isIn(address, range), isIn(gateway, range)]).toEqual([true, false, false]);
      expect(isIn(range.replace(/\/.*/, ''), subnet)).toBe(true);
    }

    expect(loadNode().config?.proxy.trusted).toEqual([composed.services['proxy']?.networks['front']?.ipv4_address]);
  });

  test('only the proxy is open to others, and the catcher’s page to this machine; the stores have no way out', () => {
    const ports = Object.entries(composed.services).flatMap(([name, service]) =>
      (service.ports ?? []).map((port) => `${name} ${typeof port === 'string' ? port : inWords(port)}`),
    );

    expect(ports).toEqual(['mail 127.0.0.1:8025:8025/tcp', 'proxy 80:80/tcp', 'proxy 443:443/tcp']);
    expect(composed.networks['stores']?.internal).toBe(true);
    for (const name of ['mongo', 'redis']) expect(Object.keys(networksOf(name))).toEqual(['stores']);
  });

  test('nobody gains rights, and who depends on somebody waits until they are well', () => {
    for (const [name, service] of Object.entries(composed.services)) {
      const waits = Object.values(service.depends_on ?? {}).map(({ condition }) => condition);

      expect({ name, options: service.security_opt }).toEqual({ name, options: ['no-new-privileges:true'] });
      expect({ name, read_only: service.read_only ?? false }).toEqual({ name, read_only: name !== 'mongo' });
      expect({ name, well: (service.healthcheck?.test ?? readImage().healthcheck).length > 1 }).toMatchObject({
        well: true,
      });
      expect(new Set(waits).size).toBeLessThan(2);
      expect(waits.every((condition) => condition === 'service_healthy')).toBe(true);
    }

    expect(Object.keys(composed.services['gatehouse-1']?.depends_on ?? {})).toEqual(['mongo', 'redis']);
    expect(Object.keys(composed.services['proxy']?.depends_on ?? {})).toEqual(['gatehouse-1', 'gatehouse-2']);
  });

  function networksOf(name: string) {
    return composed.services[name]?.networks ?? {};
  }
});

function inWords({
  host_ip: host,
  published,
  target,
}: {
  host_ip?: string;
  published: string | number;
  target: number;
}) {
  return `${host === undefined ? '' : `${host}:`}${published}:${target}/tcp`;
}
