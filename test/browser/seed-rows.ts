import type { Page } from 'playwright-core';

import { goodPassword, startTestApp, type TestApp } from '../support/app.ts';
import { needsOf, openPair, type Pair } from '../support/storage.ts';

/**
 * On which stores a person walks through the pages, and in which browser: with scripts on the embedded database, with
 * scripts switched off on what a company runs.
 */
export const walks = [
  { pair: 'sqlite', scripts: true },
  { pair: 'mongo+redis', scripts: false },
] as const satisfies readonly Walk[];

export interface Walk {
  pair: Pair;
  scripts: boolean;
}

export function named({ pair, scripts }: Walk): string {
  return `${pair}, ${scripts ? 'with' : 'without'} scripts`;
}

export { needsOf };

/** A house on a pair of stores of its own, and how a person gets about in it. */
export interface WalkedHouse extends AsyncDisposable {
  app: TestApp;
}

export async function openOn(pair: Pair, env: Record<string, string> = {}): Promise<WalkedHouse> {
  const stack = new AsyncDisposableStack();
  const place = stack.use(await openPair(pair));
  const app = stack.use(await startTestApp({ env: { ...place.env, ...env } }));

  return { app, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Presses a button and waits for the page that comes. */
export async function press(page: Page, name: string): Promise<void> {
  const button = page.getByRole('button', { name, exact: true }).first();

  await Promise.all([page.waitForEvent('framenavigated'), button.click()]);
  await page.waitForLoadState();
}

export async function heading(page: Page): Promise<string> {
  return (await page.getByRole('heading', { level: 1 }).textContent()) ?? '';
}

/** Gives e-mail and password where they are asked for. */
export async function givePassword(page: Page, email: string, words = { password: 'Password', submit: 'Sign in' }) {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel(words.password, { exact: true }).fill(goodPassword);
  await press(page, words.submit);
}
