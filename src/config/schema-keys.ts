import { duration, durationOrOff, section } from './forms.ts';

/** The keys that sign tokens, which every node takes from the store. */
export const keys = section('The keys that sign tokens; see `gatehouse keys`.', {
  rotate_every: durationOrOff('90d', ['1d', '3650d'], 'How long a key signs until the next one takes over of itself.'),
  publish_before: duration('20m', ['6m', '30d'], {
    description:
      'How long a new key is published before it signs: longer than any app keeps the key set. Apps are told 5 minutes, and many keep it for 10.',
  }),
});
