import type { Config } from './config/schema.ts';
import { fixAlike } from './jobs/same-secrets.ts';
import { openSenders } from './messages/senders.ts';
import type { Messages } from './messages/messages.ts';
import { createShares } from './messages/shares.ts';
import { createWriting } from './messages/writing.ts';
import { createSettings, type Settings } from './operations/settings.ts';
import { createSettingPreviews, type SettingPreviews } from './operations/setting-previews.ts';
import { createTestMail, type TestMail } from './operations/test-mail.ts';
import { managedIn, type Ground } from './services-ground.ts';

/** The part of `services.ts` about settings that are changed while it runs: wiring, and nothing else. */
export interface SettingsServices {
  settings: Settings;
  testMail: TestMail;
  previews: SettingPreviews;
}

export function openSettings(
  ground: Ground,
  { config, messages }: { config: Config; messages: Messages },
): SettingsServices {
  const { email: mailer } = openSenders(config);

  return {
    settings: createSettings({
      ...ground,
      managed: managedIn(ground),
      alike: () => fixAlike(ground),
      applied: async () => ground.applying.now?.(),
    }),
    previews: createSettingPreviews(ground.ephemera),
    testMail: createTestMail({
      ...ground,
      messages,
      writing: createWriting(config),
      mailer: messages.canSendEmail ? mailer : undefined,
      shares: createShares(ground),
    }),
  };
}
