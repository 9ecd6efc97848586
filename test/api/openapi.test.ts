import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';

import { pathOf } from '../../src/api/openapi.ts';
import { openBrowser } from '../support/browser.ts';
import { openCallers, type Callers } from './callers.ts';
import { administering, driving } from './driving.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const modules = `${root}node_modules`;

/** Of whoever takes the generated file into a project of theirs. */
const compilerOptions = {
  module: 'nodenext',
  target: 'es2024',
  types: ['node'],
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
};

interface Operation {
  operationId: string;
  security: Record<string, string[]>[];
  responses: Record<string, unknown>;
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
}

/** What the APIs say of themselves: to programs, to people, and to whoever generates a client. */
describe('the description of the APIs', () => {
  let room: Callers;

  beforeAll(async () => {
    room = await openCallers('sqlite');
  }, 60_000);

  afterAll(async () => {
    await room[Symbol.asyncDispose]();
  });

  const read = async () => (await fetch(`${room.app.url}/api/openapi.json`)).json() as Promise<Document>;

  test('is public, cached and has a version of its own', async () => {
    const address = `${room.app.url}/api/openapi.json`;
    const answer = await fetch(address);
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      200,
      'application/json',
      'public, max-age=300',
    ]);
    expect(answer.headers.get('set-cookie')).toBeNull();

    const tag = answer.headers.get('etag') ?? '';
    expect((await fetch(address, { headers: { 'if-none-match': tag } })).status).toBe(304);
    expect((await fetch(address, { method: 'POST' })).status).toBe(404);
  });

  test('a linter has nothing to say', async () => {
    const config = await createConfig({
      extends: ['recommended-strict'],
      // This installation is on this machine, and what it offers has no licence.
      rules: { 'no-server-example.com': 'off', 'info-license': 'off' },
    });
    const source = JSON.stringify(await read());
    const found = await lintFromString({ source, absoluteRef: '/openapi.json', config });

    expect(found.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
  });

  test('has every operation of the lists, each under a name of its own and with its scope', async () => {
    const { openapi, paths } = await read();
    expect(openapi).toBe('3.1.0');

    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(new Set(ids).size).toBe(ids.length);

    const listed = Object.values(room.apis).flatMap((api) => api.endpoints.map((endpoint) => ({ api, endpoint })));
    expect(ids).toHaveLength(listed.length);
    for (const { api, endpoint } of listed) {
      const operation = paths[pathOf(api, endpoint)]?.[endpoint.method.toLowerCase()];
      const done = endpoint.answer || endpoint.streams ? (endpoint.creates ? '201' : '200') : '204';

      expect(operation?.security).toEqual([{ apiKey: [] }, { [`${api.realm}OAuth`]: [endpoint.scope] }]);
      expect(Object.keys(operation?.responses ?? {})).toContain(done);
      expect(api.words.scopes.map(({ name }) => name)).toContain(endpoint.scope);
    }
  });

  test('people read it too, without signing in: every operation has a page', async () => {
    const browser = openBrowser(room.app.url);
    const page = await browser.open('/api');
    expect([page.status, page.title]).toEqual([200, 'API reference · Gatehouse']);

    const links = [...page.html.matchAll(/href="(\/api\/reference\/\w+)"/g)].map(([, link = '']) => link);
    expect(links).toHaveLength(Object.values(room.apis).flatMap(({ endpoints }) => endpoints).length);
    for (const link of links) expect([link, (await browser.open(link)).status]).toEqual([link, 200]);

    const operation = await browser.open('/api/reference/accountProfileUpdate');
    expect(operation.words).toMatch(/Body displayName string .*language en \| de .*Answer \(200\) id string email/);
    const none = await browser.open('/api/reference/none');
    expect([none.status, none.title]).toEqual([404, expect.stringContaining('Gatehouse')]);
  });

  test('the commands of the README’s chapter work; the client that they generate compiles, and drives the APIs', async () => {
    const { account } = await room.somebody('admin');
    const env = {
      ...process.env,
      ACCOUNT_KEY: await room.keyFor(account, room.apis.account),
      ADMIN_KEY: await room.keyFor(account, room.apis.admin, (scope) => scope === 'overview:read'),
      EVERY_KEY: await room.keyFor(account, room.apis.admin),
    };
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-client-'));
    const program = (...[name = '', ...args]: string[]) => run(name, args, { cwd: folder, env });

    try {
      const { stdout: printed } = await program('bash', '-euo', 'pipefail', '-c', await commandsFor(env.ADMIN_KEY));
      expect(printed).toContain(`{"accountId":"${account.id}","role":"admin"`);
      expect(printed).toMatch(/\nadminSelfGet +GET .*\n[^]*\nrole +admin\n[^]*adminSelfGet: Whose key/);

      await symlink(modules, join(folder, 'node_modules'));
      await writeFile(join(folder, 'package.json'), '{"type":"module"}');
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
      await writeFile(join(folder, 'drive.ts'), driving);
      await writeFile(join(folder, 'administer.ts'), administering);
      await program(process.execPath, join(modules, '.bin/tsc'), '-p', '.');
      const { stdout } = await program(process.execPath, 'drive.ts');
      const administered = await program(process.execPath, 'administer.ts');
      expect(JSON.parse(stdout)).toEqual({
        id: account.id,
        displayName: 'Ana L',
        refused: [{ field: 'task', detail: expect.any(String) }],
        prefixes: Array.from({ length: 3 }, () => expect.stringMatching(/^gthk_/)),
        self: { accountId: account.id, role: 'admin', actor: expect.any(String), scopes: ['overview:read'] },
        unauthorized: ['token_needed', 401],
        kinds: expect.arrayContaining(['account.updated', 'sign_in.succeeded']),
      });
      expect(JSON.parse(administered.stdout)).toEqual({
        client: { created: 201, again: 'the same', updated: 200, old: 412, rotated: 201, secrets: 2, revoked: 201 },
        stopped: { disabled: true, enabled: false, deleted: 404 },
        receipt: { name: 'Wiki 2', people: 0, notices: 0 },
        account: {
          status: 'locked',
          unlocked: 'active',
          old: 412,
          role: 'auditor',
          invited: 200,
          sessions: 0,
          gone: 404,
        },
        told: expect.arrayContaining(['client.revoked', 'account.disabled', 'role.changed', 'account.deleted']),
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 60_000);

  /** All that its chapter has, for this server. */
  async function commandsFor(key: string): Promise<string> {
    const readme = await readFile(`${root}README.md`, 'utf8');
    const chapter = /^## The APIs$[^]*?(?=^## )/m.exec(readme)?.[0] ?? '';
    const blocks = [...chapter.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, lines = '']) => lines);
    expect(blocks).toHaveLength(3);

    return blocks
      .join('')
      .replaceAll('https://id.example.com', room.app.url)
      .replaceAll('gthk_…', key)
      .replaceAll('npx gatehouse', `${process.execPath} ${root}src/cli/gatehouse.js`)
      .replaceAll('npx oazapfts', `${process.execPath} ${modules}/.bin/oazapfts`);
  }
});
