import type { ResourceWords } from '../domain/consent-items.ts';
import type { Api } from '../web/endpoint.ts';
import type { DescribedEndpoint } from './endpoint.ts';
import { answersOf, problemSchema, refusedAnswers } from './openapi-answers.ts';
import { createSchemas, type JsonSchema, type Schemas } from './openapi-schemas.ts';

/**
 * The APIs as an OpenAPI 3.1 document, made of the same lists that answer: nothing is described that is not there, and
 * nothing is there that is not described.
 */
export interface DescribedApi extends Api {
  endpoints: readonly DescribedEndpoint[];
  /** Its identifier (RFC 8707) and what can be allowed there. */
  words: ResourceWords;
  /** What it is for and who may use it. */
  about: string;
}

export interface Described {
  issuer: string;
  /** As operators name the installation. */
  brand: string;
  apis: readonly DescribedApi[];
  /** Where tokens are asked for. */
  tokens: { authorization: string; token: string };
}

type Json = Record<string, unknown>;

/** Of the description itself: what clients are made from changes with it. */
const version = '1.0.0';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export function openApiDocument({ issuer, brand, apis, tokens }: Described): Json {
  const schemas = createSchemas();
  const operations = apis.flatMap((api) => api.endpoints.map((endpoint) => ({ api, endpoint })));
  const sharing = Map.groupBy(operations, ({ api, endpoint }) => pathOf(api, endpoint));
  const paths = Object.fromEntries(
    [...sharing].map(([path, some]) => [
      path,
      Object.fromEntries(
        methods.flatMap((method) =>
          some
            .filter(({ endpoint }) => endpoint.method === method)
            .map(({ api, endpoint }) => [method.toLowerCase(), operationOf(api, endpoint, schemas)]),
        ),
      ),
    ]),
  );
  const used = new Set(JSON.stringify(paths).match(/(?<="#\/components\/)(?:responses|parameters)\/\w+/g));
  const usedOf = (kind: string, all: Json) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => used.has(`${kind}/${name}`)));

  return {
    openapi: '3.1.0',
    info: {
      title: brand,
      version,
      description: information,
    },
    servers: [{ url: issuer }],
    tags: tagsOf(apis),
    security: [],
    paths,
    components: {
      schemas: { Problem: problemSchema, ...schemas.named },
      responses: usedOf('responses', refusedAnswers()),
      parameters: usedOf('parameters', { IdempotencyKey: idempotencyKey, IfMatch: ifMatch }),
      securitySchemes: {
        apiKey,
        ...Object.fromEntries(apis.map((api) => [`${api.realm}OAuth`, oauth(api, { issuer, tokens })])),
      },
    },
  };
}

const information = `What people and administrators see and do in their consoles, for programs.

- **Who asks** stands in \`Authorization: Bearer …\`: an API key (\`gthk_…\`), or an access token that an app was given for the API (\`resource\`, RFC 8707).
- **Errors** are problem details (RFC 9457): \`code\` is for programs, \`detail\` for people, \`errors\` tells what is wrong with which field.
- **Lists** come in pages: \`next\` of an answer is \`after\` of the following request; without \`next\` it was the last one.
- **Changes** of what has an \`ETag\` name it in \`If-Match\`: nobody overwrites what somebody else has changed meanwhile (412). That goes for what is done to an app or account as well (disabling, a new secret, a lock, a role): the version is that of the whole. What only ends or deletes something takes none.
- **What makes or sends something** takes an \`Idempotency-Key\`: sent again within a day, the request is answered as before and nothing more is made.
- **Limits** are by key or token, and by network: 429 says in \`Retry-After\` how many seconds to wait.
- Times are RFC 3339, in UTC.`;

const apiKey = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'gthk_…',
  description: 'An API key, made in the account console. The scopes are those that it was made with.',
};

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'A name of your own for this request, such as a UUID: sent again with it, it makes nothing more.',
  schema: { type: 'string', pattern: '^[!-~]{1,200}$' },
};

const ifMatch = {
  name: 'If-Match',
  in: 'header',
  required: true,
  description: 'The ETag of what is to be changed (of the whole app or account), as it was read.',
  schema: { type: 'string', pattern: '^"[^"]{1,100}"$' },
  example: '"3"',
};

function oauth({ words, realm }: DescribedApi, { issuer, tokens }: Pick<Described, 'issuer' | 'tokens'>): Json {
  const scopes = Object.fromEntries(words.scopes.map(({ name, description }) => [name, description?.['en'] ?? name]));
  const tokenUrl = issuer + tokens.token;

  return {
    type: 'oauth2',
    description: `An access token for \`resource=${words.identifier}\`.`,
    flows: {
      authorizationCode: { authorizationUrl: issuer + tokens.authorization, tokenUrl, refreshUrl: tokenUrl, scopes },
      // The account API is about somebody; an app that asks for itself is nobody there.
      ...(realm === 'admin' && { clientCredentials: { tokenUrl, scopes } }),
    },
  };
}

/** `/api/admin/v1/clients/{id}` */
export function pathOf({ path }: DescribedApi, endpoint: DescribedEndpoint): string {
  return (path + endpoint.path).replaceAll(/:(\w+)/g, '{$1}');
}

/** `keys.list` of the admin API: `adminKeysList`. */
export function operationIdOf({ realm }: DescribedApi, { name }: DescribedEndpoint): string {
  return realm + name.replaceAll(/(?:^|[.-])(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** What it is about: `clients`. */
export function areaOf({ name }: DescribedEndpoint): string {
  return name.split('.', 1)[0] ?? name;
}

function tagOf({ realm }: DescribedApi, endpoint: DescribedEndpoint): string {
  return `${realm}/${areaOf(endpoint)}`;
}

function tagsOf(apis: readonly DescribedApi[]): Json[] {
  const tags = apis.flatMap((api) => api.endpoints.map((endpoint) => ({ name: tagOf(api, endpoint), api })));

  return [...Map.groupBy(tags, ({ name }) => name)].map(([name, [first]]) => ({ name, description: first?.api.about }));
}

function operationOf(api: DescribedApi, endpoint: DescribedEndpoint, schemas: Schemas): Json {
  const { summary, scope, body, versioned } = endpoint;
  const isNamed = endpoint.creates || endpoint.repeatable;
  const parameters = [
    ...pathParameters(endpoint),
    ...queryParameters(endpoint, schemas),
    ...(versioned ? [{ $ref: '#/components/parameters/IfMatch' }] : []),
    ...(isNamed ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
  ];
  const content = body && { 'application/json': { schema: schemas.of(body, 'input') } };

  return {
    operationId: operationIdOf(api, endpoint),
    // As the command line takes it.
    'x-name': `${api.realm}.${endpoint.name}`,
    summary,
    description: `${summary}. Needs the scope \`${scope}\`.`,
    tags: [tagOf(api, endpoint)],
    security: [{ apiKey: [] }, { [`${api.realm}OAuth`]: [scope] }],
    ...(parameters.length > 0 && { parameters }),
    ...(content && { requestBody: { required: true, content } }),
    responses: answersOf(endpoint, schemas, { tagged: isTagged(api, endpoint) }),
  };
}

/** Whether its answer has a version: that of what can only be changed by naming one. */
function isTagged({ endpoints }: DescribedApi, { path, method, versioned }: DescribedEndpoint): boolean {
  const isRead = method === 'GET' && endpoints.some((other) => other.path === path && other.versioned);

  return isRead || (versioned ?? false);
}

export function pathParameters({ path }: DescribedEndpoint): Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    description: 'As the list names it.',
    schema: { type: 'string', minLength: 1 },
  }));
}

export function queryParameters({ query }: DescribedEndpoint, schemas: Schemas): Json[] {
  const { properties = {}, required = [] } = schemas.of(query, 'input');

  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema as JsonSchema;

    return {
      name,
      in: 'query',
      ...(required.includes(name) && { required: true }),
      ...(description !== undefined && { description }),
      schema: rest,
    };
  });
}
