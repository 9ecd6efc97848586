import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';
import type { Page } from 'playwright-core';

import { appFrom, files, refreshed, resources, type Pasted } from '../admin/client-desk.ts';
import { openAdministration, type AdministrationRoom } from '../support/administration.ts';
import type { RelyingParty } from '../support/relying-party.ts';
import { expectAxeClean, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { openBrowser } from '../support/browser.ts';
import { answer } from '../support/device.ts';
import { describeWith } from '../support/need.ts';
import { enter } from '../security/web/visits.ts';
import { heading, named, needsOf, press, walks } from './seed-rows.ts';

/** An administrator registers an app, tells it what stands there to be pasted, gives it a new secret, and revokes it. */
for (const walk of walks) {
  describeWith(['chromium', ...needsOf(walk.pair)], `apps in the admin console on ${named(walk)}`, () => {
    let chromium: Chromium;
    let room: AdministrationRoom;

    beforeAll(async () => {
      chromium = await startChromium(walk);
      room = await openAdministration(walk.pair, { config: JSON.stringify({ resources }) });
    }, 60_000);

    afterAll(async () => {
      await chromium[Symbol.asyncDispose]();
      await room[Symbol.asyncDispose]();
    });

    /** In the browser that an administrator has signed in with. */
    async function openAsAdministrator(): Promise<Page> {
      const { browser } = await room.somebody('admin');
      const page = await chromium.open(walk.scripts ? { permissions: ['clipboard-read', 'clipboard-write'] } : {});
      const cookies = await browser.jar.getCookies(room.app.url);
      await page.context().addCookies(cookies.map(({ key: name, value }) => ({ name, value, url: room.app.url })));

      return page;
    }

    async function pasted(page: Page): Promise<Pasted> {
      const text = (await page.locator('#all').textContent()) ?? '';
      if (walk.scripts) {
        await page.getByRole('button', { name: 'Copy all of it' }).click();
        await page.getByRole('button', { name: 'Copied' }).waitFor();
        expect(await page.evaluate('navigator.clipboard.readText()')).toBe(text);
      }

      return Object.fromEntries([...text.matchAll(/^(\w+)="(.*)"$/gm)].map(([, name, value]) => [name, value]));
    }

    test(
      'a web app is registered, works with what was pasted, gets a new secret and is revoked with a receipt',
      async () => {
        const page = await openAsAdministrator();
        await page.goto(`${room.app.url}/admin`);
        await page.getByRole('link', { name: 'Apps' }).click();
        await page.getByRole('link', { name: 'Register an app' }).click();
        await page.getByRole('link', { name: 'Choose: Web app' }).click();
        await page.getByLabel('Name', { exact: true }).fill('Wiki');
        await page.getByLabel('Redirect URIs').fill('https://wiki.example.net/cb\nhttp://wiki.example.net/cb');
        await page.getByLabel('To go on while they are away').check();
        await press(page, 'Register an app');
        await page.getByText('Line 2: Plain http is allowed').first().waitFor();
        await page.getByLabel('Redirect URIs').fill('https://wiki.example.net/cb');
        await page.getByLabel('Read your files').check();
        await press(page, 'Register an app');

        expect(await heading(page)).toBe('What to paste into Wiki');
        await expectAxeClean(page);
        const first = await pasted(page);
        expect(first.OIDC_RESOURCE).toBe(files);
        const wiki = await appFrom(room.app, first);
        const people = await Promise.all([room.app.account(), room.app.account(), room.app.account()]);
        const desks = people.map((person) => ({ person, browser: openBrowser(room.app.url) }));
        const request = { scope: 'openid profile offline_access' };
        const signInAll = (app: RelyingParty) =>
          Promise.all(desks.map(({ person, browser }) => app.signIn(person, { browser, request })));
        await signInAll(wiki);

        await page.getByRole('link', { name: 'It is pasted' }).click();
        expect(await page.content()).not.toContain(first.OIDC_CLIENT_SECRET);
        await page.getByRole('link', { name: 'Make a new secret' }).click();
        await press(page, 'Make a new secret');
        const next = await pasted(page);
        const renewed = await appFrom(room.app, next);
        await signInAll(wiki);
        const held = (await signInAll(renewed)).map(({ tokens }) => tokens.refresh_token ?? '');
        await page.getByRole('link', { name: 'It is pasted' }).click();
        await page.getByText('On its way out').waitFor();
        await expectAxeClean(page);

        await page.getByRole('link', { name: 'Revoke', exact: true }).click();
        expect(await heading(page)).toBe('Revoke what Wiki was given?');
        await press(page, 'Revoke all of it');
        expect(await heading(page)).toBe('What Wiki has lost');
        await expectAxeClean(page);
        expect(await page.locator('dt:text-is("People") + dd').textContent()).toBe('3');
        const answers = await Promise.all(held.map((token) => refreshed(renewed, token)));
        expect(answers).toEqual(people.map(() => 'invalid_grant'));

        await page.goto(`${room.app.url}/admin/audit?client=${first.OIDC_CLIENT_ID ?? ''}`);
        const told = (await page.locator('main').textContent()) ?? '';
        for (const kind of ['client.created', 'client.secret_rotated', 'client.revoked']) expect(told).toContain(kind);
      },
      patience,
    );

    test(
      'each other kind of app is registered, and one of that kind works with what was pasted',
      async () => {
        const page = await openAsAdministrator();
        const ana = await room.app.account();
        const anas = openBrowser(room.app.url);
        await enter(anas, ana);

        async function registered(kind: string, fill: () => Promise<unknown>): Promise<RelyingParty> {
          await page.goto(`${room.app.url}/admin/clients/new`);
          await page.getByRole('link', { name: `Choose: ${kind}` }).click();
          await page.getByLabel('Name', { exact: true }).fill(`A ${kind}`);
          await fill();
          await press(page, 'Register an app');
          expect([kind, await heading(page)]).toEqual([kind, `What to paste into A ${kind}`]);

          return appFrom(room.app, await pasted(page));
        }

        async function signsIn(app: RelyingParty) {
          const { tokens } = await app.signIn(ana, { browser: anas, request: { scope: 'openid profile email' } });
          expect(await oidc.fetchUserInfo(app.config, tokens.access_token, ana.id)).toMatchObject({ email: ana.email });
        }

        const redirects = (lines: string) => () => page.getByLabel('Redirect URIs').fill(lines);
        await signsIn(await registered('Single-page app', redirects('https://board.example.net/')));
        await signsIn(
          await registered('Mobile or desktop app', redirects('net.example.notes:/back\nhttp://127.0.0.1/back')),
        );

        const machine = await registered('Machine', () => page.getByLabel('Read your files').check());
        const api = await registered('API', () => page.getByLabel(files).check());
        const { access_token } = await oidc.clientCredentialsGrant(machine.config, {
          resource: files,
          scope: 'files:read',
        });
        expect(await oidc.tokenIntrospection(api.config, access_token)).toMatchObject({ active: true, aud: files });

        const television = await registered('Device', () => Promise.resolve());
        const asked = await oidc.initiateDeviceAuthorization(television.config, { scope: 'openid email' });
        await answer(anas, asked.user_code);
        const tokens = await oidc.pollDeviceAuthorizationGrant(television.config, { ...asked, interval: 0 });
        expect(await oidc.fetchUserInfo(television.config, tokens.access_token, ana.id)).toMatchObject({
          email: ana.email,
        });
      },
      patience,
    );
  });
}
