import { accountSamples } from './account.ts';
import { contactSamples } from './contact.ts';
import { otherSamples } from './others.ts';
import type { Sample } from './sample.ts';
import { signInSamples } from './sign-in.ts';

/** Every view, each at least once: a new one is added to the file of its feature. */
export const samples: readonly Sample[] = [...signInSamples, ...accountSamples, ...contactSamples, ...otherSamples];
