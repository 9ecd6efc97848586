import { z } from 'zod';

import type { Account } from '../domain/account.ts';
import type { AccountScope } from '../domain/account-api.ts';
import type { AdminScope } from '../domain/admin-api.ts';
import { Unmet } from '../operations/conditions.ts';
import { problemText, read, type By, type Problem, type Result } from '../operations/problems.ts';
import type { Answered, Caller, Endpoint, From, Method, Refused } from '../web/endpoint.ts';

/**
 * An endpoint with what it takes and answers, as schemas: what checks a request also describes it. The two APIs are lists
 * of these, of which the router, the description and the command line's remote calls are made.
 */
export interface DescribedEndpoint extends Endpoint {
  /** `clients.list`: names it for whoever generates a client. */
  name: string;
  /** What it does, in a few words. */
  summary: string;
  query: z.ZodObject;
  body?: z.ZodObject;
  /** Absent: there is nothing to answer (204). */
  answer?: z.ZodType;
  /** What it answers in the place of JSON. */
  streams?: string;
  /** What may be in the query is more than Node reads of an address: it answers 431 itself. */
  longQuery?: boolean;
}

interface Described<Q extends z.ZodObject, B extends z.ZodObject, A extends z.ZodType> extends Pick<
  DescribedEndpoint,
  'name' | 'path' | 'summary' | 'versioned' | 'creates' | 'repeatable' | 'large' | 'streams' | 'longQuery'
> {
  method: Method;
  query?: Q;
  body?: B;
  answer?: A;
}

/** What an endpoint is told beside what was read of the query and the body. */
export interface Asked {
  params: Readonly<Record<string, string>>;
  caller: Caller;
  by: By;
  from?: From | undefined;
  /** The version that is to be changed, of what is `versioned`. */
  match: string;
  /** Of a request that has a name: the same where it is sent again. */
  once?: string;
}

interface Given<Q extends z.ZodObject, B extends z.ZodObject> {
  query: z.output<Q>;
  body: z.output<B>;
}

/** `undefined`: there is no such thing, or it is none of the caller's. */
type Done<A extends z.ZodType> = Promise<
  (z.input<A> & object) | Tagged<z.input<A> | undefined> | Streamed | 'done' | Refused | undefined
>;

/** An answer with its version: a change of it has to name that one. */
class Tagged<T> {
  readonly answer: T;
  readonly tag: string;

  constructor(answer: T, tag: string) {
    this.answer = answer;
    this.tag = tag;
  }
}

class Streamed {
  readonly stream: NonNullable<Answered['stream']>;

  constructor(stream: NonNullable<Answered['stream']>) {
    this.stream = stream;
  }
}

export function tagged<T extends object>(answer: T, version: string | number): Tagged<T> {
  return new Tagged(answer, String(version));
}

/** Done, and this is its version now. */
export function doneAs(version: string | number): Tagged<undefined> {
  return new Tagged(undefined, String(version));
}

/** Text of a media type that is written while it is read, at the pace of whoever asks. */
export function streamed(type: string, text: AsyncIterable<string>): Streamed {
  return new Streamed({ type, text });
}

/** Somebody else has changed it since it was read (RFC 9110 section 13.1.1). */
export const changedMeanwhile: Refused = {
  refused: {
    status: 412,
    detail: 'It was changed since you read it: read it again, and send your change with its new ETag.',
  },
};

const nothing = z.strictObject({});

/** Of the account API: it asks in the name of the account's holder. */
export function endpoint<
  Q extends z.ZodObject = typeof nothing,
  B extends z.ZodObject = typeof nothing,
  A extends z.ZodType = never,
>({
  run,
  ...described
}: Described<Q, B, A> & {
  scope: AccountScope;
  run(call: Asked & { account: Account; actor: string }, given: Given<Q, B>): Done<A>;
}): DescribedEndpoint {
  return made(described, ({ caller, ...call }, given) => {
    const { account, actor } = caller;
    if (!account) throw new TypeError('nobody asks in the name of an account holder');

    return run({ ...call, caller, account, actor }, given);
  });
}

/** Of the admin API. Whoever asks may be an app without anybody behind it. */
export function adminEndpoint<
  Q extends z.ZodObject = typeof nothing,
  B extends z.ZodObject = typeof nothing,
  A extends z.ZodType = never,
>({
  run,
  ...described
}: Described<Q, B, A> & { scope: AdminScope; run(call: Asked, given: Given<Q, B>): Done<A> }): DescribedEndpoint {
  return made(described, ({ by, ...call }, given) => run({ ...call, by: { ...by, administrator: true } }, given));
}

function made<Q extends z.ZodObject, B extends z.ZodObject, A extends z.ZodType>(
  { query = nothing as unknown as Q, ...described }: Described<Q, B, A> & { scope: string },
  run: (call: Asked, given: Given<Q, B>) => Done<A>,
): DescribedEndpoint {
  return {
    ...described,
    query,
    takesBody: described.body !== undefined,

    async run({ query: asked, body: sent, caller, from, match = '', once, params }) {
      const readQuery = checked(query, asked);
      if (!readQuery.ok) return refusedFor(400, readQuery.problems);

      const body = checked((described.body ?? nothing) as B, sent === undefined ? {} : sent);
      if (!body.ok) return refusedFor(422, body.problems);

      const by = { actor: caller.actor, from };
      const call = { params, caller, by, from, match, ...(once !== undefined && { once }) };

      try {
        return answered(await run(call, { query: readQuery.value, body: body.value }));
      } catch (error) {
        if (!(error instanceof Unmet)) throw error;

        return error.why === 'changed' ? changedMeanwhile : outOfReach(error.why);
      }
    },
  };
}

function answered(done: object | 'done' | undefined): Answered | Refused {
  if (done === undefined) return { refused: { status: 404, detail: 'There is no such thing.' } };
  if (done === 'done') return {};
  if (done instanceof Tagged) {
    return { ...(done.answer !== undefined && { answer: done.answer as object }), tag: done.tag };
  }

  if (done instanceof Streamed) return { stream: done.stream };

  return isRefused(done) ? done : { answer: done };
}

function checked<S extends z.ZodObject>(schema: S, input: unknown): Result<z.output<S>> {
  return read(schema as unknown as z.ZodType<z.output<S>>, input, Object.keys(schema.shape));
}

/** What is wrong beside each field, in English. */
export function refusedFor(status: 400 | 409 | 422, problems: readonly Problem[]): Refused {
  const errors = problems.map(({ path, ...rest }) => ({ field: path, detail: problemText({ path: '', ...rest }) }));

  return { refused: { status, detail: problems.map(problemText).join(' '), errors } };
}

function isRefused(done: object): done is Refused {
  return 'refused' in done;
}

/** What the caller may change elsewhere, and not of this. */
export function outOfReach(found: Problem): Refused {
  return { refused: { status: 403, detail: problemText({ ...found, path: '' }) } };
}

/** RFC 3339, from milliseconds. */
export function timeOf(at: number): string {
  return new Date(at).toISOString();
}

/** Of every list: `next` is the `after` of the following page, which has so many at most. */
const cursor = z.string().max(500).optional();
export const paging = { after: cursor, limit: z.coerce.number().int().min(1).max(200).default(50) };
export const next = z.string().optional();
export const time = z.iso.datetime();
