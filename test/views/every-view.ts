import { accountSamples } from './account.ts';
import { activitySamples } from './activity.ts';
import { adminAccountSamples } from './admin-accounts.ts';
import { adminSettingsSamples } from './admin-settings.ts';
import { adminSamples } from './admin.ts';
import { adminAuditSamples } from './admin-audit.ts';
import { apiReferenceSamples } from './api-reference.ts';
import { apiKeySamples } from './api-keys.ts';
import { applicationSamples } from './applications.ts';
import { clientSamples } from './clients.ts';
import { deviceSamples } from './devices.ts';
import { leavingSamples } from './leaving.ts';
import { otherSamples } from './others.ts';
import { recoverySamples } from './recovery.ts';
import type { Sample } from './sample.ts';
import { signInSamples } from './sign-in.ts';
import { whySamples } from './why.ts';
import { webhookSamples } from './webhooks.ts';

/** Every view, each at least once: a new one is added to the file of its feature. */
export const samples: readonly Sample[] = [
  ...signInSamples,
  ...recoverySamples,
  ...accountSamples,
  ...activitySamples,
  ...applicationSamples,
  ...deviceSamples,
  ...apiKeySamples,
  ...leavingSamples,
  ...adminSamples,
  ...clientSamples,
  ...adminAccountSamples,
  ...adminAuditSamples,
  ...adminSettingsSamples,
  ...whySamples,
  ...webhookSamples,
  ...apiReferenceSamples,
  ...otherSamples,
];
