import { z } from 'zod';

import { problemText, read, type Problem, type Result } from '../operations/problems.ts';
import type { Call, Endpoint, Refused } from '../web/route.ts';

/** An endpoint with what it takes and answers, as schemas: what checks a request also describes it. */
export interface DescribedEndpoint extends Endpoint {
  /** What it does, in a few words. */
  summary: string;
  query: z.ZodObject;
  /** Of a PATCH alone. */
  body?: z.ZodObject;
  /** Absent: there is nothing to answer (204). */
  answer?: z.ZodType;
}

interface Described<Q extends z.ZodObject, B extends z.ZodObject, A extends z.ZodType>
  extends Pick<Endpoint, 'method' | 'path' | 'scope'>, Pick<DescribedEndpoint, 'summary'> {
  query?: Q;
  body?: B;
  answer?: A;
  /** `undefined`: what the path names is not this account's. */
  run(
    call: Omit<Call, 'query' | 'body'>,
    given: { query: z.output<Q>; body: z.output<B> },
  ): Promise<(z.input<A> & object) | 'done' | Refused | undefined>;
}

const nothing = z.strictObject({});

export function endpoint<
  Q extends z.ZodObject = typeof nothing,
  B extends z.ZodObject = typeof nothing,
  A extends z.ZodType = never,
>({ run, query = nothing as unknown as Q, ...described }: Described<Q, B, A>): DescribedEndpoint {
  return {
    ...described,
    query,

    async run({ query: asked, body: sent, ...call }) {
      const readQuery = checked(query, asked);
      if (!readQuery.ok) return refusedFor(400, readQuery.problems);

      const body = checked((described.body ?? nothing) as B, sent === undefined ? {} : sent);
      if (!body.ok) return refusedFor(422, body.problems);

      const done = await run(call, { query: readQuery.value, body: body.value });
      if (done === undefined) return { refused: { status: 404, detail: 'There is no such thing in this account.' } };
      if (done === 'done') return {};

      return isRefused(done) ? done : { answer: done };
    },
  };
}

function checked<S extends z.ZodObject>(schema: S, input: unknown): Result<z.output<S>> {
  return read(schema as unknown as z.ZodType<z.output<S>>, input, Object.keys(schema.shape));
}

/** What is wrong beside each field, in English. */
export function refusedFor(status: 400 | 422, problems: readonly Problem[]): Refused {
  const errors = problems.map(({ path, ...rest }) => ({ field: path, detail: problemText({ path: '', ...rest }) }));

  return { refused: { status, detail: problems.map(problemText).join(' '), errors } };
}

function isRefused(done: object): done is Refused {
  return 'refused' in done;
}

/** RFC 3339, from milliseconds. */
export function timeOf(at: number): string {
  return new Date(at).toISOString();
}
