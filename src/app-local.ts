import { adminApi, type AdminApiDeps } from './api/admin.ts';
import { openApiDocument } from './api/openapi.ts';
import { adminScopes } from './domain/admin-api.ts';
import { clientFace } from './domain/client-face.ts';
import type { Why } from './operations/why.ts';
import type { Services } from './services.ts';
import type { Answered, Call, Caller, Refused } from './web/endpoint.ts';
import { createIdempotency } from './web/idempotency.ts';

/**
 * The admin API without a server: whoever has the storage and its key asks the same list that answers over HTTP, and is
 * answered the same. It knows nothing of how it is typed or printed.
 */
export interface LocalRequest {
  /** As the description has it: `GET`, `/api/admin/v1/accounts/{id}`. */
  method: string;
  template: string;
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  body?: unknown;
  match?: string;
  idempotencyKey?: string;
}

export type LocalAnswer = Answered | Refused;

/** What is in the place of a server's name: it is never asked. */
const nowhere = 'https://localhost';

/** Whoever may read the storage may do everything with it. */
const operator: Caller = { id: 'command-line', actor: 'command-line', scopes: adminScopes };

/** The list as an OpenAPI document, which needs nothing to be opened. */
export function describeLocally(): unknown {
  const config = { issuer: nowhere, branding: { name: 'Gatehouse' } };
  const api = adminApi({ config } as AdminApiDeps);

  return openApiDocument({
    issuer: nowhere,
    brand: config.branding.name,
    apis: [api],
    tokens: { authorization: '', token: '' },
  });
}

/** Asks once. Throws what the operations throw (Invalid, Unavailable, …). */
export async function askLocally(services: Services, request: LocalRequest): Promise<LocalAnswer> {
  const { records, ephemera, sealing } = services;
  const api = adminApi({
    ...services,
    interactions: {
      async clientFace(id) {
        const client = await records.clients.get(id);

        return client && clientFace(client);
      },
    },
    tokenFor: () => Promise.resolve(undefined),
    why: whyOf(services),
  });

  const { method, template, params, query, body, match, idempotencyKey } = request;
  const path = template.slice(api.path.length).replaceAll(/\{(\w+)\}/g, ':$1');
  const endpoint = api.endpoints.find((one) => one.method === method && one.path === path);
  if (!endpoint) throw new TypeError(`there is no ${method} ${template}`);

  const call: Call = { params, query, body, caller: operator, ...(match !== undefined && { match }) };
  if (idempotencyKey === undefined) return endpoint.run(call);

  const place = `${method} ${template} ${JSON.stringify(params)}`;

  return createIdempotency(ephemera, sealing).once(idempotencyKey, { caller: operator.id, place, body }, (once) =>
    endpoint.run({ ...call, once }),
  );
}

/** The protocol is loaded for this alone: every other operation is there without it. */
function whyOf(services: Services): Why {
  return {
    async explain(input) {
      const { openWhy } = await import('./app-why.ts');
      const failures: unknown[] = [];
      const explained = await openWhy(services, (error) => failures.push(error)).explain(input);
      if (failures.length > 0) throw failures[0];

      return explained;
    },
  };
}
