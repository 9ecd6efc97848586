import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

import type { Account } from '../../src/domain/account.ts';
import type { Json } from '../../src/domain/json.ts';
import type { Ephemera } from '../../src/storage/ephemera.ts';
import { createSealing } from '../../src/storage/sealing.ts';
import { createLog } from '../../src/web/log.ts';
import { action, page, to, view } from '../../src/web/route.ts';
import type { Route, SignedIn } from '../../src/web/route.ts';
import { createWeb } from '../../src/web/server.ts';
import type { Web, WebDeps } from '../../src/web/server.ts';
import { openBrowser } from '../support/browser.ts';
import type { Browser, BrowserSettings } from '../support/browser.ts';

/** The web with a few tiny routes, on a port of its own, and browsers for it. */
export interface Site extends AsyncDisposable {
  web: Web;
  origin: string;
  port: number;
  /** The first lines of the log, as soon as there are so many. */
  logged(count: number): Promise<Record<string, unknown>[]>;
  raw: string[];
  clock: { time: number; now(): number };
  /** Who `gate.current` says is signed in. */
  session: SignedIn | undefined;
  /** What the actions were given. */
  saved: unknown[];
  browser(settings?: BrowserSettings): Browser;
}

export const profileView = view<{ greeting: string; displayName: string; at: number; link: string }>(
  'tests/profile',
  'door',
  'error.title',
);

export const account: Account = {
  id: 'a1',
  email: 'ana@example.com',
  emailKey: 'ana@example.com',
  emailVerified: true,
  displayName: 'Ana',
  firstName: 'Ana',
  lastName: 'Lindqvist',
  task: '',
  locale: 'en',
  claims: {},
  roles: [],
  status: 'active',
  eventKey: '',
  createdAt: 0,
  updatedAt: 0,
};

const profileForm = z.object({
  displayName: z.string().min(1).max(20, 'problem.tooLong'),
  about: z.string().default(''),
  language: z.enum(['en', 'de']).default('en'),
  password: z.string().optional(),
  news: z.literal('on').optional(),
});

/** A page with a form, its action, and the same for people who are signed in and who were recently. */
export function profileRoutes(saved: unknown[]): Route[] {
  const data = { greeting: 'Hello <b>you</b>', displayName: 'Stored', at: 0, link: 'javascript:alert(1)' };

  return [
    page('/profile', profileView, () => data),
    action('/profile', profileForm, async (_ask, input, wrong) => {
      if (input.displayName === 'taken') return wrong({ displayName: 'error.conflict' });

      saved.push(input);

      return to('/profile', 'frame.skip');
    }),
    page('/own', { ...profileView, layout: 'shell' }, () => data, { access: 'signed-in' }),
    action('/own', profileForm, async (_ask, input) => (saved.push(input), to('/own')), { access: 'signed-in' }),
    page('/careful', { ...profileView, layout: 'shell' }, () => data, { access: 'recent' }),
    action('/careful', profileForm, async (_ask, input) => (saved.push(input), to('/own')), { access: 'recent' }),
    action('/own/button', z.object({}), async () => (saved.push('pressed'), to('/own')), { access: 'signed-in' }),
    page('/item/:id', profileView, ({ params }) => ({ ...data, greeting: params.id })),
  ];
}

export async function openSite(options: Partial<WebDeps> = {}): Promise<Site> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));

  const { port } = server.address() as AddressInfo;
  const saved: unknown[] = [];
  const raw: string[] = [];
  const clock = { time: Date.UTC(2026, 10, 24, 12), now: () => clock.time };
  const key = Buffer.alloc(32, 7);

  const site: Partial<Site> & { session: SignedIn | undefined } = { session: undefined };

  const web = createWeb({
    issuer: `http://127.0.0.1:${port}`,
    trustedProxies: [],
    branding: { name: 'Northwind ID', links: {} },
    cookieKeys: ['k'.repeat(32)],
    clock,
    log: createLog({ level: 'info', clock, write: (lines) => raw.push(...lines.split('\n').slice(0, -1)) }),
    sealing: createSealing({ encryptionKeys: [{ id: 'k', key }], hashKey: key }),
    ephemera: openMemory(clock),
    routes: profileRoutes(saved),
    consoles: [
      { path: '/own', label: 'frame.mine', navigation: [{ path: '/own', label: 'frame.help', icon: 'person' }] },
    ],
    home: '/own',
    gate: {
      current: () => Promise.resolve(site.session),
      signIn: (returnTo, { maxAge }) => ({
        kind: 'leave',
        url: `https://sign-in.example/?back=${encodeURIComponent(returnTo)}&max_age=${maxAge ?? ''}`,
      }),
      recentSignIn: 300,
      recentSignInFor: 'sensitive',
      isWeak: async () => false,
      ahead: () => undefined,
    },
    ready: () => Promise.resolve(),
    furtherViews: [fileURLToPath(new URL('views/', import.meta.url))],
    ...options,
  });

  server.on('request', web.handler);

  const origin = options.issuer ?? `http://127.0.0.1:${port}`;

  return Object.assign(site, {
    web,
    origin,
    port,
    raw,
    clock,
    saved,
    async logged(count: number) {
      while (raw.length < count) await new Promise((resolve) => setImmediate(resolve));

      return raw.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    browser: (settings: BrowserSettings = {}) => openBrowser(origin, { connect: { port }, ...settings }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  }) as Site;
}

export function signedIn(clock: { now(): number }, who: Partial<Account> = {}): SignedIn {
  return {
    account: { ...account, ...who },
    session: { uid: 's1', signedInAt: clock.now(), amr: ['pwd'] },
  };
}

/** Just what the web uses of the port. */
export function openMemory(clock: { now(): number }): Ephemera {
  const entries = new Map<string, { value: Json; until: number }>();

  const alive = (id: string) => {
    const entry = entries.get(id);

    return entry && entry.until > clock.now() ? entry : undefined;
  };

  return {
    put: async (kind, id, value, { ttl }) =>
      void entries.set(`${kind} ${id}`, { value, until: clock.now() + ttl * 1000 }),
    get: async (kind, id) => alive(`${kind} ${id}`)?.value,
    increment: async (kind, id, ttl) => {
      const entry = alive(`${kind} ${id}`) ?? { value: 0, until: clock.now() + ttl * 1000 };

      entry.value = Number(entry.value) + 1;
      entries.set(`${kind} ${id}`, entry);

      return entry.value;
    },
  } as Ephemera;
}
