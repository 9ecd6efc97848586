import type { RecoveryCodes } from '../domain/factors.ts';
import type { Sealing } from '../storage/sealing.ts';
import { inGroups, newReadableCode, readReadableCode } from './readable-code.ts';

/** Ten of 80 random bits: nothing that could be guessed, so a keyed hash keeps them (S94). */
const howMany = 10;
const characters = 16;

/** `shown` once and kept nowhere; `kept` in the account's factors, in the place of an older set (S95). */
export function newRecoveryCodes(
  sealing: Pick<Sealing, 'keyedHash'>,
  of: { accountId: string; now: number },
): { shown: string[]; kept: RecoveryCodes } {
  const codes = Array.from({ length: howMany }, () => newReadableCode(characters));

  return {
    shown: codes.map((code) => inGroups(code)),
    kept: { madeAt: of.now, hashes: codes.map((code) => hashOf(sealing, of.accountId, code)) },
  };
}

/** As what it is kept; undefined when the text can't be a recovery code. */
export function recoveryHash(
  sealing: Pick<Sealing, 'keyedHash'>,
  accountId: string,
  typed: string,
): string | undefined {
  const code = readReadableCode(typed, characters);

  return code === undefined ? undefined : hashOf(sealing, accountId, code);
}

function hashOf(sealing: Pick<Sealing, 'keyedHash'>, accountId: string, code: string): string {
  return sealing.keyedHash('recovery-code', `${accountId}\0${code}`);
}
