import type { Server } from './process.ts';

/** A server under test: where it is, and who may do what there. Its makers are `gatehouse.ts` and `bare.ts`. */
export interface Target extends AsyncDisposable {
  name: string;
  issuer: string;
  server: Server;
  clients: {
    /** Client credentials for every API that is signed. */
    machine: Credentials;
    /** The code flow with an ID token of that algorithm. */
    RS256: Credentials;
    ES256: Credentials;
    /** May introspect tokens for the opaque API, which others were given. */
    inspector: Credentials;
  };
  people: readonly Person[];
}

export interface Credentials {
  id: string;
  secret: string;
}

export interface Person {
  email: string;
  password: string;
}

export type Algorithm = 'RS256' | 'ES256';

/** The registered APIs, the same everywhere: two with signed tokens, one whose tokens must be asked about. */
export const apis = {
  RS256: 'https://rs256.bench.example',
  ES256: 'https://es256.bench.example',
  opaque: 'https://opaque.bench.example',
} as const;

export const apiScope = 'things:read';
export const redirectUri = 'https://app.bench.example/callback';
export const inspectorId = 'bench-inspector';
