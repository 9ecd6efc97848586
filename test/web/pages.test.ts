import { expect, test } from '@jest/globals';
import { openSite } from './site.ts';

test('a page', async () => {
  await using site = await openSite();
  const page = await site.browser().get('/profile');
  expect(page.status).toBe(200);
});
