import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openBrowser } from '../../support/browser.ts';
import { answer, enter } from '../../support/device.ts';
import { unlimited } from '../web/visits.ts';
import { openGround, type Ground, type Party } from './ground.ts';

type Asked = Record<'device_code' | 'user_code', string>;

/** What people say to a device, in more than one tab: the first answer counts, and everybody is told which it was. */
describe('answers to devices', () => {
  let ground: Ground;
  let television: Party;

  beforeAll(async () => {
    ground = await openGround({ env: { ...unlimited, GATEHOUSE_PROXY_TRUSTED: '127.0.0.1' } });
    television = await ground.party('device', { client_name: 'Television' });
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const ask = async (party: Party): Promise<Asked> =>
    (await party.post('/oauth/device-authorization', { scope: 'openid' })).body as unknown as Asked;

  const poll = (party: Party, code: string) =>
    party.post('/oauth/token', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: code });

  test('a yes that comes after the no of another tab is no consent', async () => {
    const { browser, ana } = ground;
    const asked = await ask(television);
    const page = await enter(browser, asked.user_code);
    const { consents, deviceCodes } = ground.app.services.records;
    const { get } = deviceCodes;
    const press = (button: string) => browser.submit(page, {}, { button });
    let reads = 0;
    // The yes has read that nobody has answered, and goes on once somebody has.
    deviceCodes.get = async (id) =>
      get(id).then(async (row) => ((reads += 1) === 2 && (await press('Don’t allow')), row));
    expect((await press('Allow')).words).toContain('Nothing was allowed');
    deviceCodes.get = get;
    expect((await poll(television, asked.device_code)).body).toMatchObject({ error: 'access_denied' });
    expect(await consents.get(`${ana.id} ${television.id}`)).toBeUndefined();
  });

  test('a no that comes after the yes of another tab says so, and leads to the end of what was given', async () => {
    const { browser } = ground;
    const asked = await ask(television);
    const [page, other] = [await enter(browser, asked.user_code), await enter(browser, asked.user_code)];
    await browser.submit(page, {}, { button: 'Allow' });
    const late = await browser.submit(other, {}, { button: 'Don’t allow' });
    expect(late.words).toContain('Your “no” came too late');

    const end = /href="(\/account\/devices\/offline\/[^"]+)"/.exec(late.html)?.[1] ?? '';
    await browser.submit(await browser.open(end), {}, { form: '/account/devices/offline/' });
    expect((await poll(television, asked.device_code)).body).toMatchObject({ error: 'invalid_grant' });
    expect((await browser.open(late.url)).html).not.toContain('/account/devices/offline/');

    // Also where the no has read that nobody has answered, and goes on once somebody has.
    const next = await enter(browser, (await ask(television)).user_code);
    const press = (button: string) => browser.submit(next, {}, { button });
    const { deviceCodes } = ground.app.services.records;
    const { get } = deviceCodes;
    let reads = 0;
    deviceCodes.get = async (id) => get(id).then(async (row) => ((reads += 1) === 2 && (await press('Allow')), row));
    expect((await press('Don’t allow')).words).toContain('Your “no” came too late');
    deviceCodes.get = get;

    const refused = await ask(television);
    const [first, second] = [await enter(browser, refused.user_code), await enter(browser, refused.user_code)];
    await browser.submit(first, {}, { button: 'Don’t allow' });
    expect((await browser.submit(second, {}, { button: 'Allow' })).words).toContain('This device was refused already');
  });

  test('S113: Activity tells where a device was allowed from, and where it stands', async () => {
    const ana = await ground.app.account();
    const browser = openBrowser(ground.app.url, { headers: { 'x-forwarded-for': '203.0.113.31' } });
    await browser.submit(await browser.open('/account'), { email: ana.email, password: ana.password });
    await answer(browser, (await ask(television)).user_code);

    expect((await browser.open('/account/activity')).words).toMatch(
      /Device without a browser allowed .*? IP address 203\.0\.113\.31 Device without a browser .*? IP address of the device (127\.0\.0\.1|::1)/,
    );
  });
});
