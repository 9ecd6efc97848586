import type { DescribedEndpoint } from './endpoint.ts';
import type { JsonSchema, Schemas } from './openapi-schemas.ts';

type Json = Record<string, unknown>;

/** How every error is answered (RFC 9457), whatever went wrong. */
export const problemSchema: JsonSchema = {
  type: 'object',
  description: 'Problem details (RFC 9457).',
  properties: {
    type: { type: 'string', description: 'Always about:blank: `code` tells what it is.' },
    title: { type: 'string', description: 'The phrase of the status.' },
    status: { type: 'integer', description: 'The status of the answer.' },
    detail: { type: 'string', description: 'What is wrong and what to do about it, in English, for people.' },
    code: { type: 'string', description: 'What is wrong, for programs: it does not change.' },
    errors: {
      type: 'array',
      description: 'What is wrong with single fields of the body or query.',
      items: {
        type: 'object',
        properties: {
          field: { type: 'string', description: '`metadata.redirect_uris[0]`; empty: the whole.' },
          detail: { type: 'string' },
        },
        required: ['field', 'detail'],
        additionalProperties: false,
      },
    },
    reference: { type: 'string', description: 'Names the request in the server’s log.' },
  },
  required: ['type', 'title', 'status', 'detail', 'code', 'reference'],
  additionalProperties: false,
  examples: [
    {
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'There is no such thing.',
      code: 'not_found',
      reference: '3f0Zk2mVbq1YtW9uXh5cJg',
    },
  ],
};

const retryAfter = {
  'Retry-After': { description: 'Seconds until another try makes sense.', schema: { type: 'integer', minimum: 0 } },
};

const challenge = {
  'WWW-Authenticate': { description: 'The same for programs (RFC 6750 section 3).', schema: { type: 'string' } },
};

interface Refusal {
  name: string;
  description: string;
  headers?: Json;
  /** It comes before anything of ours: no problem details. */
  isBare?: boolean;
  /** Of which endpoints. */
  by(endpoint: DescribedEndpoint): boolean;
}

const every = () => true;
const changes = ({ method }: DescribedEndpoint) => method !== 'GET';
const takesBody = (endpoint: DescribedEndpoint) => endpoint.takesBody;
const isVersioned = ({ versioned }: DescribedEndpoint) => versioned ?? false;

/** What can come instead of what was asked for. */
const refusals: Readonly<Record<number, Refusal>> = {
  400: { name: 'Invalid', description: 'The request can’t be read, or its query is not as described.', by: every },
  401: {
    name: 'Unauthorized',
    description: 'No key or token, or one that is not known here, is over, or is for another API.',
    headers: challenge,
    by: every,
  },
  403: {
    name: 'Forbidden',
    description: 'The key or token lacks the scope, or whose it is may not use this API.',
    by: every,
  },
  404: { name: 'NotFound', description: 'There is no such thing.', by: ({ path }) => path.includes('/:') },
  409: { name: 'Conflict', description: 'It can’t be done as things are now.', by: changes },
  412: { name: 'ChangedMeanwhile', description: 'It was changed since it was read: read it again.', by: isVersioned },
  413: { name: 'TooLarge', description: 'The body is larger than anything that is taken here.', by: takesBody },
  415: { name: 'UnsupportedMediaType', description: 'The body is no application/json.', by: takesBody },
  422: { name: 'Refused', description: 'The body breaks a rule: errors says which field does.', by: changes },
  428: { name: 'VersionNeeded', description: 'The header If-Match is missing.', by: isVersioned },
  429: {
    name: 'TooMany',
    description: 'Too many requests, of this key or from this network.',
    headers: retryAfter,
    by: every,
  },
  431: {
    name: 'HeadersTooLarge',
    description: 'The address and the headers are longer than 16 kB together. There is no body.',
    isBare: true,
    by: ({ longQuery }) => longQuery ?? false,
  },
  503: {
    name: 'Unavailable',
    description: 'Storage does not answer, or maintenance goes on.',
    headers: retryAfter,
    by: every,
  },
};

const eTag = {
  ETag: {
    description: 'The version of what is answered: send it as If-Match to change it.',
    schema: { type: 'string' },
  },
};

/** `components.responses` */
export function refusedAnswers(): Json {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

  return Object.fromEntries(
    Object.values(refusals).map(({ name, description, headers, isBare = false }) => [
      name,
      { description, ...(headers && { headers }), ...(!isBare && { content }) },
    ]),
  );
}

/** Every answer of an endpoint, by its status. `tagged`: whether a version is told with it. */
export function answersOf(endpoint: DescribedEndpoint, schemas: Schemas, { tagged }: { tagged: boolean }): Json {
  const refused = Object.entries(refusals)
    .filter(([, refusal]) => refusal.by(endpoint))
    .map(([status, { name }]) => [status, { $ref: `#/components/responses/${name}` }]);

  return { ...doneBy(endpoint, schemas, tagged ? { headers: eTag } : {}), ...Object.fromEntries(refused) };
}

function doneBy({ answer, streams, creates }: DescribedEndpoint, schemas: Schemas, headers: Json): Json {
  if (streams !== undefined) {
    const types = streams.split(/ *, */).map((type) => [type, { schema: { type: 'string' } }]);

    return { 200: { description: 'As it is read.', content: Object.fromEntries(types), ...headers } };
  }

  if (!answer) return { 204: { description: 'Done.', ...headers } };

  const content = { 'application/json': { schema: schemas.of(answer, 'output') } };

  return creates
    ? { 201: { description: 'Made.', content, ...headers } }
    : { 200: { description: 'Done.', content, ...headers } };
}

/** The same, for people. */
export function refusalsOf(endpoint: DescribedEndpoint): { status: number; about: string }[] {
  return Object.entries(refusals)
    .filter(([, refusal]) => refusal.by(endpoint))
    .map(([status, { description }]) => ({ status: Number(status), about: description }));
}
