import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { openPlaces } from '../../src/messages/places.ts';
import { startTestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { cityDatabase } from '../support/mmdb.ts';

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-places-'));
  file = join(folder, 'city.mmdb');
  await writeFile(
    file,
    cityDatabase({
      '203.0.113.0/24': { city: { names: { en: 'Cologne', de: 'Köln' } }, country: { iso_code: 'DE' } },
      '198.51.100.0/25': { country: { iso_code: 'CH' } },
      '192.0.2.128/25': { city: { names: { fr: 'Quelque part' } }, country: { iso_code: 'nowhere' } },
    }),
  );
});

afterAll(() => rm(folder, { recursive: true }));

test('a place is named as far as it is known, in the language of whoever reads it', async () => {
  const placeOf = await openPlaces(file);

  expect(placeOf('203.0.113.9', 'en')).toBe('Cologne, Germany');
  expect(placeOf('203.0.113.255', 'de')).toBe('Köln, Deutschland');
  expect(placeOf('198.51.100.1', 'de')).toBe('Schweiz');
  expect(placeOf('192.0.2.200', 'en')).toBeUndefined();

  for (const ip of ['203.0.114.1', '192.0.2.1', '127.0.0.1', '2001:db8::1', '', 'localhost', '203.0.113.9; drop']) {
    expect([ip, placeOf(ip, 'en')]).toEqual([ip, undefined]);
  }
});

test('a file that is none is refused', async () => {
  const broken = join(folder, 'broken.mmdb');
  await writeFile(broken, 'nothing of the kind');

  await expect(openPlaces(broken)).rejects.toThrow();
  await expect(openPlaces(join(folder, 'absent.mmdb'))).rejects.toThrow('ENOENT');
});

const young = 3_600_000;

test('security mails say where, roughly, if the operator has such a file; without it the address alone', async () => {
  const env = { GATEHOUSE_PROXY_TRUSTED: '127.0.0.1', GATEHOUSE_GEOIP_FILE: file };
  await using app = await startTestApp({ env });
  const ana = await app.account({ email: 'ana@example.com', locale: 'de' });
  app.clock.advance(2 * young);
  const signIn = async () => {
    const browser = openBrowser(app.url, { headers: { 'x-forwarded-for': '203.0.113.9', connection: 'close' } });
    await browser.submit(await browser.open('/account'), { email: ana.email, password: ana.password });

    return (await app.mail.to('ana@example.com', 'new-device')).text;
  };

  expect(await signIn()).toContain('In der Nähe von: Köln, Deutschland');

  await app.restart({ GATEHOUSE_GEOIP_FILE: join(folder, 'absent.mmdb') });
  expect(app.log.some((line) => line.includes('geoip.file'))).toBe(true);
  expect(await signIn()).not.toContain('In der Nähe');
});
