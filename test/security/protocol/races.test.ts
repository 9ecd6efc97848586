import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import type { TestApp } from '../../support/app.ts';
import type { Page } from '../../support/browser.ts';
import { answer, enter } from '../../support/device.ts';
import { describeWith } from '../../support/need.ts';
import { startNodes } from '../../support/nodes.ts';
import { takeTime } from '../../support/pace.ts';
import { needsOf, type Pair } from '../../support/storage.ts';
import { unlimited } from '../web/visits.ts';
import { assertingParty, assertion, newSigner, present } from './assertions.ts';
import { groundOn, openGround, type Answer, type Ground, type Party, type Tokens } from './ground.ts';

/** `npm run races` plays a thousand. */
const rounds = Number(process.env['GATEHOUSE_TEST_RACE_ROUNDS'] ?? 2);
const longest = 20_000 + rounds * 2_000;
const width = 50;

/**
 * F11: fifty at once, exactly one success, and what that one got is good afterwards. The embedded store answers at once;
 * most others take their time, and that is where a check and its act come apart: so both are played. On two nodes every
 * other request goes to the one, the rest to the other. `devices`: rounds of what devices without a browser do, each two
 * races.
 */
const settings: readonly { name: string; pair: Pair; devices: number; open: () => Promise<Ground> }[] = [
  { name: 'a store that answers at once', pair: 'sqlite', devices: 3, open: () => openGround({ env: unlimited }) },
  {
    name: 'a store that takes its time',
    pair: 'sqlite',
    devices: 50,
    async open() {
      const ground = await openGround({ env: unlimited });
      takeTime(ground.app.services);

      return ground;
    },
  },
  {
    name: 'two nodes on mongo+redis',
    pair: 'mongo+redis',
    devices: 3,
    async open() {
      const nodes = await startNodes({ pair: 'mongo+redis', env: unlimited });

      return { ...(await groundOn(nodes.first)), [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose]() };
    },
  },
];

for (const { name, pair, devices, open } of settings) {
  const deviceRounds = Number(process.env['GATEHOUSE_TEST_RACE_ROUNDS'] ?? devices);

  describeWith(needsOf(pair), `with ${name}, of fifty in parallel`, () => races(open, deviceRounds));
}

function races(open: () => Promise<Ground>, deviceRounds: number): void {
  const deviceLongest = 60_000 + deviceRounds * 2_000;
  let ground: Ground;
  let wiki: Party;
  let television: Party;
  let kiosk: Party;

  beforeAll(async () => {
    ground = await open();
    wiki = await ground.party('web', { first_party: true });
    television = await ground.party('device', { first_party: true });
    kiosk = await ground.party('device');
  }, 60_000);

  afterAll(() => ground[Symbol.asyncDispose]());

  const atOnce = (request: () => Promise<Answer>) => Promise.all(Array.from({ length: width }, request));

  function winnerOf(answers: readonly Answer[], losers: object): Answer {
    const [winner, ...others] = answers.filter(({ status }) => status === 200);

    expect(others).toEqual([]);
    for (const answer of answers) if (answer !== winner) expect(answer).toMatchObject(losers);
    if (winner === undefined) throw new Error('nobody won');

    return winner;
  }

  async function expectGood({ body }: Answer): Promise<Tokens> {
    const tokens = body as unknown as Tokens;

    expect((await ground.userinfo(tokens.access_token)).status).toBe(200);
    const next = await wiki.refresh(tokens.refresh_token);
    expect(next.status).toBe(200);
    expect((await ground.userinfo(tokens.access_token)).status).toBe(200);

    return next.body as unknown as Tokens;
  }

  async function play(round: (round: number) => Promise<void>, most = rounds): Promise<void> {
    for (let count = 1; count <= most; count += 1) await round(count);
  }

  test(
    `S8: redemptions of one code, ${rounds} rounds`,
    () =>
      play(async () => {
        const { code } = await wiki.code(ground.browser);
        const answers = await atOnce(() => wiki.redeem(code));

        await expectGood(winnerOf(answers, { status: 400, body: { error: 'invalid_grant' } }));
      }),
    longest,
  );

  test(
    `S28: refreshes with one token, ${rounds} rounds`,
    async () => {
      let tokens = await wiki.tokens(ground.browser);

      await play(async () => {
        const answers = await atOnce(() => wiki.refresh(tokens.refresh_token));

        tokens = await expectGood(winnerOf(answers, { status: 400, body: { error: 'invalid_grant' } }));
      });
    },
    longest,
  );

  test(
    `S37: uses of one client assertion, ${rounds} rounds`,
    async () => {
      const signer = newSigner();
      const machine = await assertingParty(ground, signer);

      await play(async () => {
        const jti = randomUUID();
        const same = assertion(ground, machine.id, signer, { claims: { jti } });
        // Every second one is signed anew over the same jti.
        const other = assertion(ground, machine.id, signer, {
          claims: { jti, exp: Math.floor(Date.now() / 1000) + 90 },
        });
        let count = 0;
        const answers = await atOnce(() => present(ground, (count += 1) % 2 === 0 ? same : other));

        winnerOf(answers, { status: 401, body: { error: 'invalid_client' } });
      });
    },
    longest,
  );

  test(
    `S7: a code redeemed while it is replayed late, ${rounds} rounds`,
    () =>
      play(async () => {
        const { code } = await wiki.code(ground.browser);
        const first = await wiki.redeem(code);
        ground.app.clock.advance(5_100);
        const answers = await atOnce(() => wiki.redeem(code));

        expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: width }, () => 400));
        expect((await ground.userinfo(String(first.body['access_token']))).status).toBe(401);
      }),
    longest,
  );

  const ask = async (party: Party) =>
    (await party.post('/oauth/device-authorization', { scope: 'openid offline_access' })).body as {
      device_code: string;
      user_code: string;
    };

  const poll = (party: Party, code: string) =>
    party.post('/oauth/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: code,
    });

  test(
    `F11: answers to one device, and questions of it once it was allowed, ${deviceRounds} rounds`,
    () =>
      play(async () => {
        const { device_code: code, user_code: typed } = await ask(television);
        const page = await enter(ground.browser, typed);
        let count = 0;
        const submit = () => ground.browser.submit(page, {}, { button: (count += 1) % 5 === 0 ? 'Don’t' : 'Allow' });
        const pages = await Promise.all(Array.from({ length: width }, submit));

        // Each is told what came of it: one answer, the first. Whoever came too late with another one is told that besides.
        const outcome = ({ status, words }: Page) =>
          [status, ...['Your device is connected', 'Nothing was allowed'].filter((one) => words.includes(one))].join();
        const outcomes = new Set(pages.map(outcome));
        expect([...outcomes]).toEqual([expect.stringMatching(/^200,[\w ]+$/)]);
        const { grants } = ground.app.services.records;
        const waiting = await grants.count('device', ground.ana.id);

        const answers = await atOnce(() => poll(television, code));
        if (waiting === 0) return expect(answers[0]?.body).toMatchObject({ error: 'access_denied' });

        expect(waiting).toBe(1);
        const winner = winnerOf(answers, { status: 400, body: { error: 'invalid_grant' } });
        const { access_token: token, refresh_token: refresh } = winner.body as unknown as Tokens;
        expect((await ground.userinfo(token)).status).toBe(200);
        expect((await television.refresh(refresh)).status).toBe(200);
        expect((await ground.userinfo(token)).status).toBe(200);
      }, deviceRounds),
    deviceLongest,
  );

  const endings = [
    ['the end of the session that allows it', ({ endings: { session } }, uid) => session(uid, { offline: true })],
    ['the removal of its app', ({ endings: { application } }) => application(ground.ana.id, kiosk.id)],
  ] as const satisfies [string, (services: TestApp['services'], uid: string) => Promise<unknown>][];

  test.each(endings)(
    `S22: a device that is allowed against %s, ${deviceRounds} rounds`,
    (_, end) =>
      play(async (round) => {
        const { services } = ground.app;
        const { sessions, consents, grants } = services.records;
        const { id } = ground.ana;

        const browser = await ground.signedIn(ground.ana);
        const [session] = (await sessions.list('account', id, { descending: true, limit: 1 })).rows;
        // Every other time the app has access before.
        if (round % 2 === 0 && end.length === 1) await answer(browser, (await ask(kiosk)).user_code);
        const { device_code: code, user_code: typed } = await ask(kiosk);
        const page = await enter(browser, typed);

        const [early] = await Promise.all([
          poll(kiosk, code),
          browser.submit(page, {}, { button: 'Allow' }),
          end(services, session?.id ?? ''),
        ]);
        const given = [early, await poll(kiosk, code)].find(({ status }) => status === 200);
        const works = given && (await ground.userinfo(String(given.body['access_token']))).status === 200;
        const held = (await grants.list('account', id, { descending: true })).rows.filter(
          ({ clientId }) => clientId === kiosk.id,
        );

        // Before or after it, and all of it: nothing acts that is not on the lists, and nothing stands there for nothing.
        expect({ held: held.length, consent: (await consents.get(`${id} ${kiosk.id}`)) !== undefined }).toEqual(
          works ? { held: 1, consent: true } : { held: 0, consent: false },
        );
        await services.endings.application(id, kiosk.id);
      }, deviceRounds),
    deviceLongest,
  );
}
