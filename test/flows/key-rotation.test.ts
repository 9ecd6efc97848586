import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { openCommandLine, type CommandLine } from '../support/command-line.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';

const minute = 60_000;
const hour = 60 * minute;

interface Listed {
  kid: string;
  alg: string;
  state: string;
  signs_from: string;
  signs_until?: string;
  published_until?: string;
}

/** What the operator's commands do to a server that runs beside them. */
describe('gatehouse keys', () => {
  let app: TestApp;
  let line: CommandLine;
  let wiki: RelyingParty;

  beforeAll(async () => {
    app = await startTestApp({ env: { GATEHOUSE_KEYS_PUBLISH_BEFORE: '20m' } });
    line = await openCommandLine();
    wiki = await relyingParty(
      app,
      await app.client('web', { redirect_uris: ['https://wiki.example.net/cb'], first_party: true }),
    );
  });

  afterAll(async () => {
    await line[Symbol.asyncDispose]();
    await app[Symbol.asyncDispose]();
  });

  const run = (words: string) => line.run(words, { env: { GATEHOUSE_DATA: app.data, GATEHOUSE_ISSUER: app.url } });
  const listed = async () => JSON.parse((await run('keys list --json')).out) as Listed[];

  const published = async () => {
    const { keys } = (await (await fetch(`${app.url}/oauth/jwks`)).json()) as { keys: { kid: string }[] };

    return keys.map(({ kid }) => kid);
  };

  const eventsOf = async (kind: string): Promise<Record<string, unknown>[]> => {
    const { rows } = await app.services.records.events.list('time', 'all', { limit: 1000 });

    return rows.filter((row) => row.kind === kind).map(({ actor, details }) => ({ actor, ...details }));
  };

  test('list says which keys sign, in words and as JSON', async () => {
    const words = await run('keys list');
    const keys = await listed();

    expect(words).toMatchObject({ code: 0, err: '' });
    expect(words.out).toMatch(/^KEY ID +ALG +STATE +SIGNS FROM/);
    expect(keys.map(({ alg, state }) => [alg, state])).toEqual([
      ['RS256', 'current'],
      ['ES256', 'current'],
    ]);
    for (const { kid } of keys) expect(words.out).toContain(kid);
    expect(new Set(await published())).toEqual(new Set(keys.map(({ kid }) => kid)));
  });

  test('rotate publishes the new keys on the running server, which sign when their time has come', async () => {
    const old = await published();
    const done = await run('keys rotate --alg RS256');

    expect(done).toMatchObject({ code: 0 });
    expect(done.err).toBe('Published now, and signing in 20m; until then nothing changes.\n');
    const next = (await listed()).find(({ state }) => state === 'next');
    expect(done.out).toContain(next?.kid);
    expect(await eventsOf('keys.published')).toEqual([
      {
        actor: 'command-line',
        kid: next?.kid,
        alg: 'RS256',
        signsFrom: Date.parse(next?.signs_from ?? ''),
      },
    ]);

    await app.oidc.checkKeys();
    expect(new Set(await published())).toEqual(new Set([...old, next?.kid]));

    const from = new Date(Date.parse(next?.signs_from ?? '') + hour).toISOString();
    expect(await run(`keys schedule --from ${from} -- ${next?.kid}`)).toMatchObject({
      code: 0,
      out: expect.stringContaining(from),
    });
    expect((await run(`keys schedule --from 2020-01-01 -- ${next?.kid}`)).err).toContain('can sign from');
    expect(await run(`keys schedule --from ${from} -- nobody`)).toMatchObject({ code: 1 });
    expect(await run(`keys schedule --from soon -- ${next?.kid}`)).toMatchObject({ code: 64 });
    await run(`keys schedule --from ${next?.signs_from} -- ${next?.kid}`);

    const again = await run('keys rotate');
    expect(again).toMatchObject({ code: 1, out: '' });
    expect(again.err).toContain(`RS256: the key ${next?.kid} is published already and signs from ${next?.signs_from}.`);
  });

  test('uses says how much each is used, and that a cookie key is in use', async () => {
    await wiki.signIn(await app.account());
    await app.services.keyUses.flush();

    const { out } = await run('keys uses');
    expect(out).toMatch(/^FOR +KEY +STATE +USES +LAST USED +SAFE TO REMOVE\nsigning +\S+ +current +[1-9]\d* +20\S+Z\n/);
    expect(out).toMatch(/^cookies +\S+ +current +[1-9]\d* +20\S+Z$/m);
    expect((await run('keys uses --json')).out).toContain('"kind": "encryption"');
  });

  test('what an old key signed serves to sign out, long after the key is published no more', async () => {
    const ana = await app.account();
    const { browser, tokens } = await wiki.signIn(ana);
    const hint = tokens.id_token ?? '';
    const [kid] = (await listed())
      .filter(({ alg, state }) => alg === 'RS256' && state === 'current')
      .map((key) => key.kid);
    expect(JSON.parse(Buffer.from(hint.split('.')[0] ?? '', 'base64url').toString())).toMatchObject({ kid });

    app.clock.advance(20 * minute + hour + minute);
    await app.oidc.checkKeys();
    await app.services.signingKeys.keep();

    expect(await published()).not.toContain(kid);
    expect(await app.services.records.signingKeys.get(kid ?? '')).not.toHaveProperty('sealed');
    expect(await eventsOf('keys.retired')).toEqual([{ actor: 'server', kid, alg: 'RS256' }]);

    const query = new URLSearchParams({ id_token_hint: hint });
    const page = await browser.open(`/oauth/logout?${query.toString()}`);
    expect(page.status).toBe(200);
    expect(page.words).not.toContain('id_token_hint');
  });

  test('F18: rotate --emergency says what apps will see, and the server refuses what the old keys signed', async () => {
    const { tokens } = await wiki.signIn(await app.account());
    const old = await published();

    const done = await run('keys rotate --emergency');
    await app.oidc.checkKeys();

    expect(done.code).toBe(0);
    for (const words of ['within 5 seconds', 'told 5 minutes', 'until they fetch it anew', 'id_token_hint']) {
      expect(done.err).toContain(words);
    }
    const now = await listed();
    expect(now.map(({ state }) => state)).toEqual(['current', 'current']);
    expect(new Set(await published())).toEqual(new Set(now.map(({ kid }) => kid)));
    expect((await published()).filter((kid) => old.includes(kid))).toEqual([]);
    // Also the one that signed before and was still taken as a hint.
    const revoked = await eventsOf('keys.revoked');
    expect(revoked.map(({ actor, alg }) => `${String(actor)} ${String(alg)}`).toSorted()).toEqual([
      'command-line ES256',
      'command-line RS256',
      'command-line RS256',
    ]);

    const query = new URLSearchParams({ id_token_hint: tokens.id_token ?? '' });
    expect((await openBrowser(app.url).get(`/oauth/logout?${query.toString()}`)).status).toBe(400);
  });
});
