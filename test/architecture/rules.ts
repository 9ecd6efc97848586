/**
 * The layout as a table: who may import whom, and where each package may be used. To add a room, add one entry; to let
 * a file be long, add it to `longFiles` with the reason. The checker (check.ts) knows no name in here.
 */
export interface Room {
  /** Paths under src: a folder ends in a slash. The longest match decides which room a file is in. */
  paths: string[];

  /** Rooms, or single files as doors into a room, that may be imported; `*` is everything. Its own room is free. */
  imports: string[];

  /** The same, for `import type` alone. */
  types?: string[];
}

export interface Rules {
  rooms: Record<string, Room>;

  /** Package or `node:` built-in -> the paths under src where it may (or may not) be imported. Other built-ins are free. */
  packages: Record<string, string[] | { not: string[] }>;

  /** What may be imported from outside src -> from which paths under src. */
  outside: Record<string, string[]>;

  forbiddenFolders: string[];
  mostLines: number;
  longFiles: { path: string; reason: string }[];
}

/** Where storage stays free of schemas: `storage/backends.ts` alone describes each backend's options. */
const portsAndDrivers = [
  'storage/records.ts',
  'storage/shapes.ts',
  'storage/rows.ts',
  'storage/ephemera.ts',
  'storage/sqlite/',
  'storage/mongo/',
  'storage/redis/',
];

/** What every feature may use, and all that it may use: features never import each other. */
const feature = {
  imports: [
    'domain',
    'operations',
    'credentials',
    'messages',
    'events',
    'web/route.ts',
    'web/endpoint.ts',
    'web/html.ts',
  ],
  types: ['ports', 'config', 'oidc/interactions.ts'],
};

export const rules: Rules = {
  rooms: {
    domain: { paths: ['domain/'], imports: [] },
    config: { paths: ['config/'], imports: ['domain', 'storage/backends.ts'] },

    ports: { paths: ['storage/'], imports: ['domain'] },
    sqlite: { paths: ['storage/sqlite/'], imports: ['domain', 'ports'], types: ['config'] },
    mongo: { paths: ['storage/mongo/'], imports: ['domain', 'ports'], types: ['config'] },
    redis: { paths: ['storage/redis/'], imports: ['domain', 'ports'], types: ['config'] },
    backends: {
      paths: ['storage/backends.ts'],
      imports: ['domain', 'ports', 'sqlite', 'mongo', 'redis'],
      types: ['config'],
    },

    credentials: { paths: ['credentials/'], imports: ['domain', 'ports'], types: ['config'] },
    messages: { paths: ['messages/'], imports: ['domain', 'ports', 'web/templates.ts'], types: ['config'] },
    events: { paths: ['events/'], imports: ['domain', 'ports'], types: ['config'] },
    operations: {
      paths: ['operations/'],
      imports: ['domain', 'ports', 'credentials', 'messages', 'events'],
      types: ['config'],
    },

    oidc: { paths: ['oidc/'], imports: ['domain', 'ports', 'events'], types: ['config', 'web/route.ts'] },
    web: { paths: ['web/'], imports: ['domain', 'ports'], types: ['config'] },

    'sign-in': { paths: ['sign-in/'], ...feature },
    consent: { paths: ['consent/'], ...feature },
    account: { paths: ['account/'], ...feature },
    /** The one page that messages have: a feature like the others, and nothing of it is known to what sends. */
    outbox: { paths: ['messages/outbox.ts'], ...feature },
    admin: { paths: ['admin/'], ...feature },
    api: { paths: ['api/'], ...feature },

    jobs: {
      paths: ['jobs/'],
      imports: ['domain', 'ports', 'operations', 'credentials', 'messages', 'events'],
      types: ['config'],
    },
    metrics: { paths: ['metrics/'], imports: ['domain'] },
    demo: { paths: ['demo/'], imports: ['domain', 'web/html.ts'], types: ['config'] },

    app: {
      paths: [
        'app.ts',
        'app-jobs.ts',
        'app-local.ts',
        'app-settings.ts',
        'app-demo.ts',
        'app-metrics.ts',
        'app-running.ts',
        'app-why.ts',
        'app-webhooks.ts',
        'services.ts',
        'services-clients.ts',
        'services-administration.ts',
        'services-audit.ts',
        'services-contact.ts',
        'services-encryption.ts',
        'services-factors.ts',
        'services-ground.ts',
        'services-keys.ts',
        'services-newcomers.ts',
        'services-leaving.ts',
        'services-recovery.ts',
        'services-settings.ts',
        'services-stores.ts',
        'services-watching.ts',
        'services-webhooks.ts',
        'moving.ts',
        'backing-up.ts',
      ],
      imports: ['*'],
    },
    cli: { paths: ['cli/'], imports: ['domain', 'config', 'operations', 'app', 'storage/refusals.ts'] },
    main: { paths: ['main.ts'], imports: ['domain', 'config', 'app', 'cli'] },
  },

  packages: {
    koa: ['web/'],
    '@koa/router': ['web/'],
    ejs: ['web/'],
    'oidc-provider': ['oidc/'],
    'node:sqlite': ['storage/sqlite/'],
    mongoose: ['storage/mongo/'],
    ioredis: ['storage/redis/'],
    speakeasy: ['credentials/'],
    '@simplewebauthn/server': ['credentials/'],
    qr: ['credentials/'],
    '@node-rs/argon2': ['credentials/'],
    '@node-rs/bcrypt': ['credentials/'],
    nodemailer: ['messages/'],
    twilio: ['messages/'],
    'openid-client': ['demo/'],
    yaml: ['config/'],
    'prom-client': ['metrics/'],
    zod: { not: ['domain/', ...portsAndDrivers] },
    '@zxcvbn-ts/language-common': ['credentials/'],
    'ipaddr.js': ['config/', 'oidc/', 'web/', 'messages/'],
    bowser: ['messages/'],
    'mmdb-lib': ['messages/'],
    'libphonenumber-js': ['messages/'],
    undici: ['oidc/', 'messages/', 'app.ts'],
  },

  outside: {
    'config/locales/': ['domain/texts.ts'],
    'package.json': ['main.ts', 'cli/', 'app.ts', 'app-metrics.ts', 'backing-up.ts'],
  },

  forbiddenFolders: ['utils', 'helpers', 'common', 'shared', 'lib', 'types'],
  mostLines: 300,
  longFiles: [],
};
