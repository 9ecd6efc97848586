import { z } from 'zod';

import type { TestMail } from '../operations/test-mail.ts';
import { byField } from '../operations/problems.ts';
import { action, page, to, view, type Route } from '../web/route.ts';
import { doing } from './page.ts';

export interface TestMailPageDeps {
  testMail: TestMail;
}

export interface SettingsTestView {
  email: string;
}

export const settingsTestView = view<SettingsTestView>('admin/settings-test', 'shell', 'settings.testTitle');

const path = '/admin/settings/test';

/** A test of the mail server, while somebody waits for its answer. */
export function testMailRoutes({ testMail }: TestMailPageDeps): Route[] {
  return [
    page(path, settingsTestView, ({ account: { email } }): SettingsTestView => ({ email }), doing),

    action(
      path,
      z.object({ to: z.string().max(254) }),
      async ({ account, visitor }, { to: address }, wrong) => {
        const by = { actor: account.id, from: visitor };
        const done = await testMail.send(address.trim(), { account, locale: visitor.locale }, by);
        if (!done.ok) return wrong(byField(done.problems));

        const { value } = done;
        if (!value.sent) return wrong({ form: { key: 'problem.settingTestFailed', values: { error: value.error } } });

        return to(path, value.outbox ? 'settings.testOutbox' : 'settings.testSent');
      },
      doing,
    ),
  ];
}
