import type { Secrets } from './config/secrets.ts';
import type { Clock } from './domain/clock.ts';
import { encryptionKeySetting } from './domain/encryption-key.ts';
import type { Json } from './domain/json.ts';
import { agreeOnKey } from './jobs/same-secrets.ts';
import type { Records } from './storage/records.ts';
import { KeyMissing } from './storage/refusals.ts';

export interface Keyed {
  records: Records;
  secrets: Secrets;
  clock: Clock;
}

/**
 * Says which key seals from now on, before anything is written under it: data that is sealed under a key which is not ours
 * is refused, and so is a key that a running node does not have. A server has claimed that it may run by then. Throws
 * KeyMissing and SecretsDiffer.
 */
export async function useKey({ records, secrets, clock }: Keyed): Promise<void> {
  const id = secrets.encryptionKeys[0]?.id ?? '';
  const [first] = await keysInUse(records, secrets);

  if (first !== id) await agreeOnKey({ records, secrets, clock });

  if (first === undefined) {
    await records.write([{ in: 'settings', put: { id: encryptionKeySetting, value: [id], updatedAt: clock.now() } }]);
  } else if (first !== id) {
    await records.settings.update(encryptionKeySetting, (old) => {
      const others = namesIn(old.value).filter((name) => name !== id);

      return { ...old, value: [id, ...others], updatedAt: clock.now() };
    });
  }
}

/**
 * The ids of the keys that secrets are sealed under, the present one first; none: nothing is sealed yet. Throws KeyMissing
 * where one is not ours: somebody's secrets could not be read.
 */
export async function keysInUse(
  { settings }: Pick<Records, 'settings'>,
  { encryptionKeys }: Secrets,
): Promise<string[]> {
  const known = namesIn((await settings.get(encryptionKeySetting))?.value);
  const missing = known.find((name) => !encryptionKeys.some(({ id }) => id === name));

  if (missing !== undefined) throw new KeyMissing(missing);

  return known;
}

function namesIn(value: Json | undefined): string[] {
  return [value ?? []].flat().map(String);
}
