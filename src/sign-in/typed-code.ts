import type { MessageKey, ProblemText } from '../web/route.ts';

/** What stands beside a wrong code that was sent; the last tries are counted aloud, and after them there is no other. */
export function wrongCode(
  { triesLeft }: { triesLeft?: number | undefined },
  key: MessageKey = 'contact.codeWrong',
): ProblemText {
  if (triesLeft === undefined || triesLeft > 2) return key;

  return triesLeft === 0 ? 'secondFactor.lastTry' : { key: 'secondFactor.triesLeft', values: { count: triesLeft } };
}
