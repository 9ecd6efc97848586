import { describe, expect, test } from '@jest/globals';

import { openCommandLine } from '../support/command-line.ts';
import { openPlace } from '../support/process.ts';
import { within } from '../support/within.ts';

describe('gatehouse maintenance', () => {
  test('closes a running server within 5 s and opens it again', async () => {
    await using place = await openPlace();
    const server = await place.start({ GATEHOUSE_DEMO_ENABLED: 'false' });
    const status = async () => (await fetch(`${server.url}/account`, { redirect: 'manual' })).status;

    expect(await place.run(['maintenance', 'on'])).toMatchObject({ code: 0, err: expect.stringContaining('503') });
    await within(5000, status, (answer) => answer === 503);

    expect(await place.run(['maintenance', 'off'])).toMatchObject({ code: 0 });
    await within(5000, status, (answer) => answer === 303);
  }, 60_000);

  test('says how it stands, changes nothing twice, and is what the doctor looks at', async () => {
    await using line = await openCommandLine();
    await line.run('client create --kind web --name A --redirect-uri https://a.example.net/');

    expect(await line.run('maintenance status')).toMatchObject({ code: 0, out: 'open\n' });
    expect((await line.run('maintenance on')).err).toContain('In maintenance');
    expect((await line.run('maintenance on')).err).toContain('already');
    expect((await line.run('maintenance status')).out).toMatch(/^in maintenance since 20\d\d-\S+Z\n$/);
    expect((await line.run('doctor')).out).toMatch(/^look storage: In maintenance since .*gatehouse maintenance off$/m);

    // The operator's own commands go on.
    expect((await line.run('client create --kind web --name B --redirect-uri https://b.example.net/')).code).toBe(0);

    expect((await line.run('maintenance off')).err).toContain('Open again');
    expect((await line.run('maintenance off')).err).toContain('not in maintenance');
    expect((await line.run('doctor')).out).not.toContain('In maintenance');
  });

  test('makes no data by being asked', async () => {
    await using line = await openCommandLine();

    for (const word of ['on', 'off', 'status']) {
      expect(await line.run(`maintenance ${word}`)).toMatchObject({
        code: 1,
        err: expect.stringContaining('GATEHOUSE_DATA'),
      });
    }
  });
});
