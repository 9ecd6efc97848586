import { describe, expect, test } from '@jest/globals';
import Koa from 'koa';

import { createCookieKeys } from '../../src/domain/cookie-keys.ts';

const older = 'o'.repeat(43);
const newer = 'n'.repeat(43);
const text = 'session=abc';

describe('cookie keys', () => {
  test('the first key signs, and all of them hold what they signed', () => {
    const before = createCookieKeys([older]);
    const after = createCookieKeys([newer, older]);

    expect(after.index(text, after.sign(text))).toBe(0);
    expect(after.index(text, before.sign(text))).toBe(1);
    expect(after.verify(text, before.sign(text))).toBe(true);
  });

  test('a signature under a key that was taken away holds no more', () => {
    expect(createCookieKeys([newer]).verify(text, createCookieKeys([older]).sign(text))).toBe(false);
  });

  test('S105: a forged signature never holds', () => {
    const keys = createCookieKeys([newer, older]);
    const signature = keys.sign(text);
    const last = signature.slice(-1) === 'A' ? 'B' : 'A';
    const forged = [
      '',
      ' ',
      'é',
      signature.slice(0, -1),
      `${signature}=`,
      `${signature} `,
      signature.slice(0, -1) + last,
    ];

    for (const one of forged) expect(keys.index(text, one)).toBe(-1);
    expect(keys.verify('session=abd', signature)).toBe(false);
    expect(keys.verify('session.sig=abc', signature)).toBe(false);
  });

  test('no keys are refused, because cookies would go unsigned', () => {
    expect(() => createCookieKeys([])).toThrow(TypeError);
  });

  test('Koa reads what an older key signed, signs it anew, and reads nothing that was changed', async () => {
    const sent = async (keys: string[], cookie?: string) => {
      const koa = new Koa();
      koa.keys = createCookieKeys(keys);
      koa.use((context) => {
        if (cookie === undefined) context.cookies.set('session', 'abc', { signed: true });
        else context.body = `read ${context.cookies.get('session', { signed: true })}`;
      });

      const server = koa.listen(0, '127.0.0.1');
      await using _ = server;
      await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address() as { port: number };
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: cookie === undefined ? {} : { cookie } });
      const set = response.headers.getSetCookie().map((line) => line.split(';')[0]);

      return { text: await response.text(), cookie: set.join('; ') };
    };

    const { cookie } = await sent([older]);
    const anew = await sent([newer, older], cookie);

    expect(anew.text).toBe('read abc');
    expect((await sent([newer], `session=abc; ${anew.cookie}`)).text).toBe('read abc');
    expect((await sent([newer], cookie)).text).toBe('read undefined');
    expect((await sent([older], cookie.replace('session=abc', 'session=abd'))).text).toBe('read undefined');
  });
});
