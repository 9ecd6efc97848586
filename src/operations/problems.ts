import type { z } from 'zod';

import { nearest } from '../domain/nearest.ts';
import { isTextKey, textIn, type TextKey, type TextValues } from '../domain/texts.ts';
import type { Origin } from '../events/writer.ts';

/**
 * Operations: what can be done to accounts, clients, grants and the installation, with the rules of who and what. Pages,
 * commands and the API call them; they must not know any of these. This file holds the shapes that all of them share.
 */

/** A catalogue key: a page hands it to `say`, the command line to `problemText`. */
export type ProblemKey = Extract<TextKey, `problem.${string}`>;

/** What the caller can mend. `path` is the field: `email`, `redirect_uris[0]`, `claims.address.country`; '' is the whole. */
export interface Problem {
  path: string;
  key: ProblemKey;
  values?: TextValues;
}

export type Result<T> = { ok: true; value: T } | { ok: false; problems: Problem[] };

/** Who does it, for the record of events. */
export interface By {
  /** As `Facts` has it. */
  actor: string;
  /** It is done for somebody else, by who looks after accounts. */
  administrator?: true;
  /** A `Visitor` is one. */
  from?: Origin | undefined;
}

export function problem(path: string, key: ProblemKey, values?: Problem['values']): Problem {
  return values === undefined ? { path, key } : { path, key, values };
}

export function refused(...problems: Problem[]): { ok: false; problems: Problem[] } {
  return { ok: false, problems };
}

/** `path: text`, in English: for the command line and the API's `detail`. */
export function problemText({ path, key, values }: Problem): string {
  const text = textIn('en', key, values);

  return path === '' ? text : `${path}: ${text}`;
}

/** The first problem of each field, for a page: its form's `wrong` takes it. What is about the whole stands at `form`. */
export function byField(problems: readonly Problem[]): Record<string, Omit<Problem, 'path'>> {
  return Object.fromEntries(problems.toReversed().map(({ path, ...text }) => [path || 'form', text]));
}

/** Reads what came from outside. The schema's messages are catalogue keys; `params` fill their placeholders. */
export function read<T>(schema: z.ZodType<T>, input: unknown, known: readonly string[] = []): Result<T> {
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) return { ok: true, value: result.data };

  return { ok: false, problems: result.error.issues.flatMap((issue) => problemsOf(issue, known)) };
}

const byType: Readonly<Record<string, ProblemKey>> = {
  string: 'problem.notText',
  number: 'problem.notNumber',
  int: 'problem.notNumber',
  boolean: 'problem.notBoolean',
  array: 'problem.notList',
  object: 'problem.notObject',
};

function problemsOf(issue: z.core.$ZodIssue, known: readonly string[]): Problem[] {
  const path = pathOf(issue.path);

  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => unknownField(pathOf([...issue.path, name]), name, known));
  }

  if (isProblemKey(issue.message)) {
    return [problem(path, issue.message, issue.code === 'custom' ? (issue.params as Problem['values']) : undefined)];
  }

  switch (issue.code) {
    case 'invalid_type':
      return [
        problem(path, issue.input === undefined ? 'problem.required' : (byType[issue.expected] ?? 'problem.invalid')),
      ];
    case 'invalid_value':
      return [problem(path, 'problem.notOneOf', { choices: issue.values.map(String).join(', ') })];
    case 'too_big':
      return [
        problem(path, issue.origin === 'array' ? 'problem.tooManyEntries' : 'problem.tooLong', {
          max: Number(issue.maximum),
        }),
      ];
    default:
      return [problem(path, 'problem.invalid')];
  }
}

function unknownField(path: string, name: string, known: readonly string[]): Problem {
  const meant = nearest(name, known);

  return meant === undefined
    ? problem(path, 'problem.unknown')
    : problem(path, 'problem.unknownNearest', { nearest: meant });
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;

    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

function isProblemKey(text: string): text is ProblemKey {
  return text.startsWith('problem.') && isTextKey(text);
}
