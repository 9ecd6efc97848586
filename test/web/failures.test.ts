import { describe, expect, test } from '@jest/globals';

import { Conflict, Forbidden, Invalid, NotFound, RateLimited, Unavailable } from '../../src/domain/errors.ts';
import { page } from '../../src/web/route.ts';
import { openSite, profileView } from './site.ts';
import type { Site } from './site.ts';

function failing(error: unknown): Promise<Site> {
  return openSite({
    routes: [
      page('/fails', profileView, () => {
        throw error;
      }),
    ],
  });
}

describe('a failure is a page that says what happened and what to do', () => {
  test.each([
    [new NotFound(), 404, 'This page does not exist'],
    [new Forbidden(), 403, 'You may not do this'],
    [new Conflict('email'), 409, 'Somebody was faster'],
    [new Invalid(), 400, 'This request can’t be understood'],
    [new RateLimited(17), 429, 'Too many tries'],
    [new Unavailable('down'), 503, 'We can’t do this right now'],
    [new Error('down'), 500, 'Something went wrong on our side'],
  ])('%p', async (error, status, words) => {
    await using site = await failing(error);
    const shown = await site.browser().get('/fails');

    expect(shown.status).toBe(status);
    expect(shown.words).toContain(words);
    expect(shown.words).toContain(`Reference ${String(shown.headers['x-request-id'])}`);
    expect(shown.html).toContain('<a class="button primary wide" href="/own">Go to your account</a>');
  });

  test('with the time after which another try makes sense', async () => {
    await using limited = await failing(new RateLimited(17));
    await using down = await failing(new Unavailable('', { retryAfter: 5 }));

    expect((await limited.browser().get('/fails')).headers['retry-after']).toBe('17');
    expect((await down.browser().get('/fails')).headers['retry-after']).toBe('5');
  });

  test('in the language of the browser', async () => {
    await using site = await openSite();
    const shown = await site.browser({ headers: { 'accept-language': 'de-CH,fr;q=0.8' } }).get('/nowhere');

    expect(shown.words).toContain('Diese Seite gibt es nicht');
  });
});

test('S114: what is unknown is said to the log under the reference, and to nobody else', async () => {
  await using site = await failing(new TypeError('the secret inner workings', { cause: new Error('a cause') }));
  const shown = await site.browser().get('/fails');

  expect(shown.html).not.toMatch(/inner workings|TypeError|\.ts\b/);
  expect((await site.logged(1))[0]).toMatchObject({
    level: 'error',
    event: 'failure',
    id: shown.headers['x-request-id'],
    error: { name: 'TypeError', message: 'the secret inner workings', cause: { message: 'a cause' } },
  });
});

test('what is thrown and is no error is a failure too', async () => {
  await using site = await failing('just a text');

  expect((await site.browser().get('/fails')).status).toBe(500);
});

test('programs get problem details (RFC 9457)', async () => {
  await using site = await failing(new Conflict('email'));
  const shown = await site.browser().get('/fails', { accept: 'application/json' });

  expect(shown.headers['content-type']).toBe('application/problem+json');
  expect(JSON.parse(shown.html)).toEqual({
    type: 'about:blank',
    title: 'Conflict',
    status: 409,
    detail: 'Somebody was faster',
    code: 'conflict',
    reference: shown.headers['x-request-id'],
  });

  const api = await site.browser().get('/api/nothing');

  expect(JSON.parse(api.html)).toMatchObject({
    title: 'Not Found',
    status: 404,
    detail: 'Nothing is served at this address.',
    code: 'not_found',
  });
});

test('a half-made answer leaves nothing behind', async () => {
  await using site = await openSite();

  site.web.use((context) => {
    context.redirect('https://evil.example/');
    context.set('Cache-Control', 'public');
    throw new Error('after all');
  });

  const shown = await site.browser().get('/behind-the-routes');

  expect(shown.status).toBe(500);
  expect(shown.location).toBeUndefined();
  expect(shown.headers['cache-control']).toBe('no-store');
});

describe('what the protocol library asks for', () => {
  test('is shown with its code, the reference and the way back to the app', async () => {
    await using site = await openSite();

    site.web.use((context) => {
      site.web.showFailure(
        { request: context.req, response: context.res },
        {
          status: 400,
          code: 'invalid_redirect_uri',
          client: { name: 'Wiki <b>', uri: 'https://wiki.example.net/' },
          reference: 'R-1',
        },
      );
    });

    const shown = await site.browser().get('/oauth/auth');

    expect(shown.status).toBe(400);
    expect(shown.words).toContain('The app’s request can’t be answered');
    expect(shown.words).toContain('Error invalid_redirect_uri Reference R-1');
    expect(shown.html).toContain('href="https://wiki.example.net/">Back to Wiki &lt;b&gt;</a>');
  });

  test('an address that is none leads nowhere', async () => {
    await using site = await openSite();

    site.web.use((context) => {
      const exchange = { request: context.req, response: context.res };

      site.web.showFailure(exchange, { status: 400, code: 'x', client: { name: 'W', uri: 'javascript:alert(1)' } });
    });

    expect((await site.browser().get('/oauth/auth')).html).not.toContain('javascript:');
  });
});
