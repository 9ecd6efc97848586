import { show, to, view, type MessageKey, type Outcome } from '../web/route.ts';

/** Where everything about signing in stands, and the page on which recovery codes are shown once. */

export const securityPath = '/account/sign-in-and-security';

export interface NewRecoveryCodesView {
  codes: readonly string[];
}

export const newRecoveryCodesView = view<NewRecoveryCodesView>(
  'account/recovery-codes',
  'shell',
  'recoveryCodes.title',
);

/** New codes, where there are some; else back with a word on what was done. */
export function recoveryCodesPage(codes: readonly string[] | undefined, done: MessageKey): Outcome {
  return codes === undefined ? to(securityPath, done) : show(newRecoveryCodesView, { codes });
}
