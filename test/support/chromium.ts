import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { expect } from '@jest/globals';
import type { AxeResults } from 'axe-core';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';

import { found } from './machine.ts';

/**
 * Chromium, for what only a real browser shows: redirects through forms, the back button, two tabs, what a page looks
 * like. Inside `describeWith('chromium', …)`.
 */
export interface Chromium extends AsyncDisposable {
  /** A new browser profile with one tab; without scripts unless those were asked for. Further tabs: `page.context().newPage()`. */
  open(options?: BrowserContextOptions): Promise<Page>;
}

/** Milliseconds for one test that looks at several pages, on a machine that is busy with others. */
export const patience = 120_000;

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * With `local`, every name leads to this machine; with `scripts`, profiles run scripts where they don't ask otherwise. The
 * program is started once a worker (twice with `local`); what is opened here is closed with what this answers.
 */
export async function startChromium({ local = false, scripts = false } = {}): Promise<Chromium> {
  const { browser, hold, release } = await (running[local ? 'local' : 'anywhere'] ??= launch(local));
  const opened = new Set<BrowserContext>();
  hold();

  return {
    async open(options = {}) {
      const context = await browser.newContext({ javaScriptEnabled: scripts, locale: 'en-GB', ...options });

      opened.add(context);
      context.setDefaultTimeout(10_000);
      return context.newPage();
    },
    async [Symbol.asyncDispose]() {
      for (const context of opened) await context.close();
      release();
    },
  };
}

/** It keeps its process from ending only while somebody holds it, and ends with it. */
interface Running {
  browser: Browser;
  hold(): void;
  release(): void;
}

const running: { local?: Promise<Running>; anywhere?: Promise<Running> } = {};

async function launch(local: boolean): Promise<Running> {
  const args = local ? [...flags, '--host-resolver-rules=MAP * 127.0.0.1'] : flags;
  const children = new Set<ChildProcess>();
  const see = (message: unknown) => void children.add((message as { process: ChildProcess }).process);

  subscribe('child_process', see);
  const browser = await chromium.launch({ executablePath: found('chromium'), args });
  unsubscribe('child_process', see);

  const handles = [...children].flatMap((child) => [child, ...child.stdio]) as { ref?(): void; unref?(): void }[];
  let holders = 0;

  return {
    browser,
    hold() {
      if ((holders += 1) === 1) for (const one of handles) one?.ref?.();
    },
    release() {
      if ((holders -= 1) === 0) for (const one of handles) one?.unref?.();
    },
  };
}

const axe = createRequire(import.meta.url)('axe-core') as { source: string };

/** What was found clean: a page of the same elements, in another walk or with other words, is as clean. */
const clean = new Set<string>();

const skeleton = `[...document.querySelectorAll('*')].map(({ tagName, attributes }) =>
  tagName + [...attributes].map(({ name, value }) => (/^(class|role|type|aria-)/.test(name) ? name + value : name))).join()`;

/** Holds a page against WCAG 2.2 A and AA and axe's best practices, as it stands in the tab now. */
export async function expectAxeClean(page: Page): Promise<void> {
  const { colorScheme, width } = (await page.evaluate(
    `({ colorScheme: matchMedia('(prefers-color-scheme: dark)').matches, width: innerWidth })`,
  )) as { colorScheme: boolean; width: number };
  const held = `${String(colorScheme)} ${width} ${String(await page.evaluate(skeleton))}`;
  if (clean.has(held)) return;

  // Timers stand still in a page without scripts; axe only wants its next step.
  await page.evaluate('globalThis.setTimeout = (step) => (void Promise.resolve().then(step), 0); 0');
  await page.evaluate(axe.source);
  const results = (await page.evaluate('axe.run({ preload: false })')) as AxeResults;

  const violations = results.violations.map(({ id, help, nodes }) => ({
    id,
    help,
    at: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary ?? ''}`),
  }));

  expect(violations).toEqual([]);
  clean.add(held);
}

/** axe takes a second: it has the whole page here once, and every view in the other width and scheme by way of its samples. */
const looks = [
  { width: 1280, scheme: 'light', axe: true },
  { width: 1280, scheme: 'dark', axe: false },
  { width: 390, scheme: 'light', axe: false },
  { width: 390, scheme: 'dark', axe: false },
] as const;

/**
 * Checks a page at both widths in both colour schemes: nothing is wider than the window, and axe has nothing to say.
 * Where GATEHOUSE_SCREENSHOTS names a folder, a picture of each is left there.
 */
export async function expectPresentable(page: Page, name: string): Promise<void> {
  for (const { width, scheme, axe: isHeld } of looks) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: scheme });
    await keepPicture(page, `${name}-${width}-${scheme}`);

    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect({ name, width, overflow }).toEqual({ name, width, overflow: 0 });

    if (isHeld) await expectAxeClean(page);
  }
}

async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env['GATEHOUSE_SCREENSHOTS'];
  if (folder === undefined) return;

  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
