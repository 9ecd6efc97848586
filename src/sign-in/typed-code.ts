import type { MessageKey, ProblemText } from '../web/route.ts';

/** Apps and mails show codes in groups; people type them so. */
export function digitsIn(typed: string): string {
  return typed.normalize('NFKC').replaceAll(/[\s-]/g, '');
}

/** What stands beside a wrong code; the last tries are counted aloud. */
export function wrongCode(
  { triesLeft }: { triesLeft?: number | undefined },
  key: MessageKey = 'problem.codeWrong',
): ProblemText {
  return triesLeft === undefined || triesLeft > 2
    ? key
    : { key: 'secondFactor.triesLeft', values: { count: triesLeft } };
}
