import type en from '../../config/locales/en.json';
import type { Origin } from '../events/writer.ts';

/** A catalogue key: a page hands it to `say`, the command line to `problemText`. */
export type ProblemKey = Extract<keyof typeof en, `problem.${string}`>;

/** What the caller can mend. `path` is the field: `email`, `redirect_uris[0]`, `claims.address.country`; '' is the whole. */
export interface Problem {
  path: string;
  key: ProblemKey;
  values?: Readonly<Record<string, string | number>>;
}

export type Result<T> = { ok: true; value: T } | { ok: false; problems: Problem[] };

/** Who does it, for the record of events. */
export interface By {
  /** An account id, `client:<id>`, `command-line` or `anonymous`. */
  actor: string;
  /** A `Visitor` is one. */
  from?: Origin;
}

/** `path: text`, in English: for the command line and the API's `detail`. */
export declare function problemText(problem: Problem): string;
