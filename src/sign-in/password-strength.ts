import { z } from 'zod';

import type { JudgeStrength } from '../operations/password-problems.ts';
import { action, type Route } from '../web/route.ts';

export interface PasswordStrengthDeps {
  strength: JudgeStrength;
}

const typed = z.object({
  password: z.string().max(1024),
  email: z.string().max(320),
  names: z.string().max(500),
});

/**
 * How strong a password is that somebody is typing: asked by the script of every page that sets one, which would
 * otherwise have to load the words that it is held against. Nothing of it is kept.
 */
export function passwordStrengthRoutes({ strength }: PasswordStrengthDeps): Route[] {
  return [
    action('/password-strength', typed, async ({ say }, { password, email, names }) => {
      const { score, label, reasons } = await strength(password, { email, names: names.split(' ') });

      return { kind: 'data', data: { score, label: say(label), reasons: reasons.map((reason) => say(reason)) } };
    }),
  ];
}
