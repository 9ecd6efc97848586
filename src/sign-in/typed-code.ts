import type { MessageKey, ProblemText } from '../web/route.ts';

/** What stands beside a wrong code; the last tries are counted aloud. */
export function wrongCode(
  { triesLeft }: { triesLeft?: number | undefined },
  key: MessageKey = 'problem.codeWrong',
): ProblemText {
  return triesLeft === undefined || triesLeft > 2
    ? key
    : { key: 'secondFactor.triesLeft', values: { count: triesLeft } };
}
