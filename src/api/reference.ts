import { NotFound } from '../domain/errors.ts';
import { page, view, type Console, type Route } from '../web/route.ts';
import type { DescribedEndpoint } from './endpoint.ts';
import { refusalsOf } from './openapi-answers.ts';
import { createSchemas } from './openapi-schemas.ts';
import { areaOf, openApiDocument, operationIdOf, type Described, type DescribedApi } from './openapi.ts';
import { fieldsOf, typeOf, type Field } from './reference-fields.ts';

/**
 * The reference of the APIs, for people: made of the same lists as the description for programs. It is public, as what it
 * describes is: nothing in it is of this installation but its address.
 */
export interface ReferenceView {
  document: string;
  apis: readonly {
    path: string;
    name: string;
    about: string;
    areas: readonly { id: string; name: string; operations: readonly ShownOperation[] }[];
  }[];
}

export interface ShownOperation {
  id: string;
  method: string;
  path: string;
  summary: string;
  scope: string;
}

export interface OperationView {
  operation: ShownOperation;
  /** Of the path, the query and the header. */
  parameters: readonly Field[];
  body: readonly Field[];
  /** `type`: of its media. */
  done: { status: number; type: string; fields: readonly Field[] };
  refusals: readonly { status: number; about: string }[];
  /** For a shell. */
  example: string;
}

export const referenceView = view<ReferenceView>('api/reference', 'shell', 'api.title');
export const operationView = view<OperationView>('api/operation', 'shell', 'api.title');

export const documentPath = '/api/openapi.json';

export const referenceConsole: Console = {
  path: '/api',
  label: 'api.title',
  apart: true,
  navigation: [
    { path: '/api', label: 'api.title', icon: 'server' },
    { path: documentPath, label: 'api.document', icon: 'download' },
  ],
};

/** The description as it is published. */
export function publishedDocument(described: Described) {
  return {
    path: documentPath,
    type: 'application/json',
    text: () => JSON.stringify(openApiDocument(described)),
  } as const;
}

export function referenceRoutes(described: Described): Route[] {
  return [
    page('/api', referenceView, () => shownReference(described)),

    page('/api/reference/:operation', operationView, ({ params: { operation } }) => {
      for (const api of described.apis) {
        const endpoint = api.endpoints.find((one) => operationIdOf(api, one) === operation);
        if (endpoint) return shownOperation(api, endpoint, described);
      }

      throw new NotFound('no such operation');
    }),
  ];
}

export function shownReference({ apis }: Pick<Described, 'apis'>): ReferenceView {
  return {
    document: documentPath,
    apis: apis.map((api) => ({
      path: api.path,
      name: api.words.name,
      about: api.about,
      areas: [...Map.groupBy(api.endpoints, areaOf)].map(([name, endpoints]) => ({
        id: `${api.realm}-${name}`,
        name,
        operations: endpoints.map((endpoint) => summed(api, endpoint)),
      })),
    })),
  };
}

function summed(api: DescribedApi, endpoint: DescribedEndpoint): ShownOperation {
  const { method, path, summary, scope } = endpoint;

  return { id: operationIdOf(api, endpoint), method, path: api.path + path, summary, scope };
}

export function shownOperation(
  api: DescribedApi,
  endpoint: DescribedEndpoint,
  { issuer }: Pick<Described, 'issuer'>,
): OperationView {
  const schemas = createSchemas();
  const { answer, streams, creates, repeatable, body, versioned, query } = endpoint;
  const answered = answer && schemas.of(answer, 'output');
  const sent = body && schemas.of(body, 'input');
  const asked = schemas.of(query, 'input');
  const header = (name: string, required: boolean, about: string) => ({ name, type: 'header', required, about });

  return {
    operation: summed(api, endpoint),
    parameters: [
      ...[...endpoint.path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
        name,
        type: 'path',
        required: true,
        about: '',
      })),
      ...fieldsOf(asked, schemas.named).map((field) => ({ ...field, type: `query, ${field.type}` })),
      ...(versioned ? [header('If-Match', true, 'The ETag of what is to be changed, as it was read.')] : []),
      ...(creates || repeatable
        ? [header('Idempotency-Key', false, 'Sent again with it, the request makes nothing more.')]
        : []),
    ],
    body: sent ? fieldsOf(sent, schemas.named) : [],
    done: {
      status: streams === undefined && !answer ? 204 : creates ? 201 : 200,
      type: streams ?? (answered ? `application/json, ${typeOf(answered, schemas.named)}` : ''),
      fields: answered ? fieldsOf(answered, schemas.named) : [],
    },
    refusals: refusalsOf(endpoint),
    example: exampleOf(issuer + api.path, endpoint),
  };
}

function exampleOf(base: string, endpoint: DescribedEndpoint): string {
  const { method, path, body, versioned, creates, repeatable } = endpoint;

  return [
    `curl${method === 'GET' ? '' : ` -X ${method}`} -H "Authorization: Bearer $KEY"`,
    ...(versioned ? [`  -H 'If-Match: "…"'`] : []),
    ...(creates || repeatable ? [`  -H "Idempotency-Key: $(uuidgen)"`] : []),
    ...(body ? [`  -H 'Content-Type: application/json' -d '{…}'`] : []),
    `  ${base}${path}`,
  ].join(' \\\n');
}
