import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { adminEndpoint, changedMeanwhile, refusedFor, tagged } from '../../src/api/endpoint.ts';
import { ephemeraBackends } from '../../src/storage/backends.ts';
import { describeStore, ephemeraStore, opened } from '../storage/stores.ts';
import { openSite, type Site } from './site.ts';

interface Asked {
  key?: string;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  at?: Site;
}

const boom = 'the secret of the house';

/** What the adapter does for every endpoint of either API: names of requests, versions, limits, bodies. */
for (const backend of ephemeraBackends) {
  const kind = `an API on ${backend.kind}`;
  describeStore(backend.kind, () =>
    describe(kind, () => {
      let site: Site;
      let other: Site;
      let running: AsyncDisposableStack;
      let made: string[] = [];
      let thing = { name: 'first', version: 1 };

      beforeAll(async () => {
        running = new AsyncDisposableStack();
        const store = running.use(await opened(ephemeraStore(backend)));
        const apis = { served: [api()], most: 200, window: 60 };
        site = running.use(await openSite({ ephemera: store.port, apis }));
        other = running.use(await openSite({ ephemera: await store.another(), apis }));
      });

      afterAll(() => running.disposeAsync());

      function api() {
        const thingBody = z.strictObject({ name: z.string() });

        return {
          path: '/api/things' as const,
          realm: 'things',
          authorize: async (shown: string) => ({ id: shown, actor: `key:${shown}`, scopes: ['clients:write'] }),
          endpoints: [
            adminEndpoint({
              name: 'things.create',
              method: 'POST',
              path: '/things',
              scope: 'clients:write',
              summary: 'Makes one',
              creates: true,
              body: thingBody,
              answer: z.strictObject({ id: z.string(), secret: z.string() }),
              async run({ by }, { body: { name } }) {
                if (name === '') return refusedFor(422, [{ path: 'name', key: 'problem.required' }]);
                if (name === 'boom') throw new Error(boom);

                made.push(name);
                await new Promise((resolve) => setImmediate(resolve));

                return { id: `${name} ${made.length}`, secret: `of ${by.actor}` };
              },
            }),
            adminEndpoint({
              name: 'things.get',
              method: 'GET',
              path: '/things/:id',
              scope: 'clients:write',
              summary: 'One',
              answer: z.strictObject({ name: z.string() }),
              run: async () => tagged({ name: thing.name }, thing.version),
            }),
            adminEndpoint({
              name: 'things.count',
              method: 'POST',
              path: '/things/count',
              scope: 'clients:write',
              summary: 'Counts them',
              run: async () => 'done',
            }),
            adminEndpoint({
              name: 'things.update',
              method: 'PUT',
              path: '/things/:id',
              scope: 'clients:write',
              summary: 'Changes it',
              versioned: true,
              body: thingBody,
              answer: z.strictObject({ name: z.string() }),
              async run({ match }, { body: { name } }) {
                if (match !== String(thing.version)) return changedMeanwhile;
                thing = { name, version: thing.version + 1 };

                return tagged({ name }, thing.version);
              },
            }),
          ],
        };
      }

      async function ask(path: string, options: Asked = {}) {
        const { key = 'k', method = 'POST', body, headers, at = site } = options;
        const answer = await fetch(`${at.origin}/api/things${path}`, {
          method,
          headers: {
            authorization: `Bearer ${key}`,
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        });
        const text = await answer.text();

        return {
          status: answer.status,
          headers: answer.headers,
          text,
          body: text === '' ? undefined : JSON.parse(text),
        };
      }

      const create = (name: string, idempotencyKey?: string, { key = 'k', at = site } = {}) =>
        ask('/things', {
          key,
          at,
          body: { name },
          ...(idempotencyKey !== undefined && { headers: { 'idempotency-key': idempotencyKey } }),
        });

      test('fifty at once on two nodes under one Idempotency-Key make one, and all who get an answer get the same', async () => {
        made = [];
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, n) => create('a', 'one', { at: n % 2 ? site : other })),
        );
        const statuses = new Set(answers.map(({ status }) => status));
        const done = answers.filter(({ status }) => status === 201);

        expect(made).toEqual(['a']);
        expect([...statuses].filter((status) => ![201, 409].includes(status))).toEqual([]);
        expect(new Set(done.map(({ text }) => text))).toEqual(new Set([done[0]?.text]));

        expect((await create('a', 'one')).body).toEqual({ id: 'a 1', secret: 'of key:k' });
        // The same name from somebody else, or for nothing, is another request.
        expect((await create('a', 'one', { key: 'other' })).body).toEqual({ id: 'a 2', secret: 'of key:other' });
        expect((await create('a')).body).toMatchObject({ id: 'a 3' });
        expect(made).toHaveLength(3);
      });

      test('another body under it is refused; a refusal and a failure are not kept', async () => {
        made = [];
        await create('a', 'two');
        expect(await create('b', 'two')).toMatchObject({
          status: 422,
          body: { detail: expect.stringMatching(/else/) },
        });

        expect((await create('', 'three')).status).toBe(422);
        const failed = await create('boom', 'three');
        expect(failed).toMatchObject({ status: 500, body: { code: 'unexpected' } });
        expect(failed.text).not.toMatch(/secret of the house|\n\s+at |\.ts/);
        expect((await create('c', 'three')).status).toBe(201);
        expect(made).toEqual(['a', 'c']);

        for (const name of ['', 'with space', 'é', 'x'.repeat(201)]) {
          expect([name, (await create('a', name)).status]).toEqual([name, 400]);
        }
      });

      test('a change names the version that it changes: of two at once one is told to read again', async () => {
        const read = await ask('/things/1', { method: 'GET' });
        const tag = read.headers.get('etag') ?? '';
        expect(tag).toBe(`"${thing.version}"`);

        const change = (name: string, version?: string) =>
          ask('/things/1', {
            method: 'PUT',
            body: { name },
            ...(version !== undefined && { headers: { 'if-match': version } }),
          });
        for (const none of [undefined, '*', tag.slice(1), `W/${tag}`, `${tag}, "x"`]) {
          expect([none, (await change('x', none)).status]).toEqual([none, 428]);
        }

        const both = await Promise.all(['ana', 'ben'].map((name) => change(name, tag)));
        expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 412]));
        const [done] = both.filter(({ status }) => status === 200);
        expect(done?.headers.get('etag')).toBe(`"${thing.version}"`);
        expect((await change('carl', done?.headers.get('etag') ?? '')).status).toBe(200);
      });

      test('each key has a limit of its own, whatever it asks for; others go on', async () => {
        const asked = await Promise.all(
          Array.from({ length: 203 }, () => ask('/things/1', { key: 'flood', method: 'GET' })),
        );
        const [refused] = asked.filter(({ status }) => status !== 200);

        expect(asked.filter(({ status }) => status === 200)).toHaveLength(200);
        expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
        expect(Number(refused?.headers.get('retry-after'))).toBe(60);
        expect((await ask('/things/1', { method: 'GET' })).status).toBe(200);
      });

      test('what is no request of the list is told so', async () => {
        const counted = await ask('/things/count', { method: 'GET' });
        expect([counted.status, counted.headers.get('allow')]).toEqual([405, 'POST']);

        const body = { name: 'x' };
        for (const [path, options, status] of [
          ['/things', { body: '{' }, 400],
          ['/things?x=1', { body }, 400],
          ['/things', { body, headers: { 'content-type': 'text/plain' } }, 415],
          ['/things', { body: { name: 'x'.repeat(100_000) } }, 413],
          ['/things', { body: [] }, 422],
          ['/things', { body: { name: 7 } }, 422],
          ['/things', { body: { ...body, isAdmin: true } }, 422],
          ['/things', { method: 'GET' }, 405],
          ['/things/1', { method: 'DELETE' }, 405],
          ['/none', {}, 404],
          ['/things/a%00b', { method: 'GET' }, 404],
          [`/things/${'x'.repeat(201)}`, { method: 'GET' }, 404],
        ] as const) {
          const answer = await ask(path, options);

          expect([path, options, answer.status]).toEqual([path, options, status]);
          expect(answer.body).toMatchObject({ status, type: 'about:blank', reference: expect.any(String) });
          expect(answer.text).not.toMatch(/\n\s+at |\.ts/);
        }
      });
    }),
  );
}
