import { eachMinute, startWork } from './app-jobs.ts';
import { openMetrics } from './app-metrics.ts';
import { openWhy } from './app-why.ts';
import { apiKeyMetadata, consoleMetadata, describedApis, registeringIn, requestLimits } from './app-settings.ts';
import { accountConsole, accountRoutes } from './account/index.ts';
import { adminConsole, adminRoutes } from './admin/index.ts';
import { accountApi } from './api/account.ts';
import { adminApi } from './api/admin.ts';
import { publishedDocument, referenceConsole, referenceRoutes } from './api/reference.ts';
import { fixedSettings } from './config/managed.ts';
import type { Config } from './config/schema.ts';
import type { Secrets } from './config/secrets.ts';
import { consentRoutes } from './consent/index.ts';
import { openDemo } from './app-demo.ts';
import { strengthOf } from './domain/acr.ts';
import { apiKeyClientId } from './domain/api-key.ts';
import { consoleClientId } from './domain/client.ts';
import { systemClock, type Clock } from './domain/clock.ts';
import { InMaintenance } from './domain/errors.ts';
import { claimSecrets } from './jobs/same-secrets.ts';
import { createKept } from './messages/kept.ts';
import { outboxRoutes } from './messages/outbox.ts';
import { waysOf } from './messages/ways.ts';
import { createWriting } from './messages/writing.ts';
import { createOidc, type Oidc } from './oidc/provider.ts';
import { startRunning, type Generation } from './app-running.ts';
import { servicesOn, type Services, type ServicesOptions } from './services.ts';
import { firstInForce, openGround, type Ground } from './services-ground.ts';
import { useKey } from './services-encryption.ts';
import { deviceRoutes, showEnded, signInRoutes } from './sign-in/index.ts';
import { cameFrom } from './web/arrivals.ts';
import type { Route } from './web/route.ts';
import { createLog, redact, type Log } from './web/log.ts';
import type { Measuring } from './web/metrics.ts';
import { createWeb, type Web } from './web/server.ts';

/**
 * The composition root: configuration, storage, services, protocol, features, web. The only file that knows every room;
 * it decides nothing but what is plugged into what. Tests hand in what a process would have of its own: the clock, where
 * the log goes, and what stands around the stores.
 */
export interface App extends AsyncDisposable {
  config: Config;
  services: Services;
  oidc: Oidc;
  /** The link to make the first administrator; absent when there is one. */
  setupUrl?: string;
  demoUrl?: string;
  /** The first half of an end, where a proxy has other nodes to turn to: nobody who is behind it notices. */
  leave(): Promise<void>;
}

export interface AppOptions {
  config: Config;
  secrets: Secrets;
  clock?: Clock;
  /** Takes whole lines; standard output unless told otherwise. */
  writeLog?: (lines: string) => void;
  aroundStores?: ServicesOptions['around'];
  /** Milliseconds between two looks at what administrators have set; 3 s unless told otherwise. */
  settingsEvery?: number;
}

export async function startApp(options: AppOptions): Promise<App> {
  const { config, secrets, clock = systemClock, writeLog, aroundStores: around } = options;
  const log = createLog({
    level: config.log.level,
    clock,
    write: writeLog ?? ((lines) => void process.stdout.write(lines)),
  });
  const onError = (error: unknown, requestId?: string) => {
    // Background work that was held up goes on when it may.
    if (!(error instanceof InMaintenance)) log.error('unexpected', { error, id: requestId });
  };

  await using opened = new AsyncDisposableStack();
  const metrics = await openMetrics(config, opened);
  const ground = opened.use(
    await openGround({
      config,
      secrets,
      clock,
      server: true,
      onError,
      noted: metrics?.event,
      around,
    }),
  );
  opened.use(await claimSecrets({ ...ground, config, fixed: fixedSettings(config), ...eachMinute, failed: onError }));
  await useKey(ground);

  const first = await firstInForce(ground);
  const running = await startRunning(ground, {
    ...first,
    every: options.settingsEvery,
    open: (settings, isLeaving) => openGeneration(ground, settings, { log, metrics, isLeaving, onError }),
    changed: (version) => log.info('settings', { version }),
  });
  opened.use(running);
  const services = (): Services => running.current().services;

  await services().clients.ensure(consoleClientId, consoleMetadata(config.issuer));
  await services().clients.ensure(apiKeyClientId, apiKeyMetadata);
  await running.begin({ host: config.host, port: config.port });

  const demo = config.demo.enabled ? opened.use(await openDemo(services())) : undefined;
  const setupUrl = await setupLink(services(), opened, onError);
  ground.standing.begin();
  const all = opened.move();

  return {
    get config() {
      return services().config;
    },
    get services() {
      return services();
    },
    get oidc() {
      return running.current().oidc;
    },
    ...(setupUrl === undefined ? {} : { setupUrl }),
    ...(demo === undefined ? {} : { demoUrl: demo.url }),
    leave: running.leave,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** All that goes by one version of the settings. */
async function openGeneration(
  ground: Ground,
  config: Config,
  { onError, ...around }: Around & { onError: (error: unknown, requestId?: string) => void },
): Promise<Generation> {
  const { log } = around;
  const services = servicesOn(ground, config);
  // The protocol needs keys to begin with.
  await services.signingKeys.ensure();

  const oidc: Oidc = await createOidc({
    ...services,
    tokensIssued: services.tallies.noteTokens,
    keyUsed: (kid) => services.keyUses.note('signing', kid),
    cookieKeyUsed: services.installationKeys.noteCookie,
    pages: {
      render: (exchange, outcome) => Promise.resolve(web.answer(exchange, outcome)),
      fail: (exchange, failure) => Promise.resolve(web.showFailure(exchange, failure)),
    },
    originOf: cameFrom,
    browserOf: (exchange) => web.browserOf(exchange),
    onRefused: ({ shown, requestId: id, description, ...facts }) =>
      log[shown ? 'warn' : 'info']('refused', { id, ...facts, description: description && redact(description) }),
    onError,
  });

  let web: Web;
  try {
    web = openWeb(services, oidc, around);
  } catch (error) {
    await oidc[Symbol.asyncDispose]();
    throw error;
  }

  return { services, oidc, web, work: () => startWork(services, oidc, { log, onError }) };
}

interface Around {
  log: Log;
  metrics: Measuring | undefined;
  isLeaving: () => boolean;
}

function openWeb(services: Services, { interactions, ...oidc }: Oidc, { log, metrics, isLeaving }: Around): Web {
  const { config, records, ephemera, standing } = services;
  const lasts = { signedIn: config.session.absolute, away: config.tokens.refresh_token_absolute };
  const why = openWhy(services, (error) => log.error('unexpected', { error }));
  const apis = [
    accountApi({ ...services, interactions, tokenFor: oidc.tokenFor }),
    adminApi({ ...services, why, interactions, tokenFor: oidc.tokenFor }),
  ];
  const described = describedApis(config, apis);

  const web = createWeb({
    issuer: config.issuer,
    trustedProxies: config.proxy.trusted,
    branding: { ...config.branding, uploaded: config.uploaded },
    timeZone: config.account.time_zone,
    cookieKeys: services.secrets.cookieKeys,
    cookieKeyUsed: services.installationKeys.noteCookie,
    clock: services.clock,
    log,
    metrics,
    isLeaving,
    sealing: services.sealing,
    ephemera,
    limits: requestLimits(config.limits.requests),
    routes: [
      ...signInRoutes({
        ...services,
        interactions,
        minimumLength: config.passwords.minimum_length,
        registering: registeringIn(config),
      }),
      ...deviceRoutes({ ...services, interactions, accessLasts: lasts }),
      ...consentRoutes({
        interactions,
        showEnded,
        lasts,
      }),
      ...accountRoutes({
        ...services,
        interactions,
        claimsShown: config.account.claims_shown,
        timeZone: config.account.time_zone,
        textCountries: config.messages.sms.countries,
        resources: config.apis,
        longestPassword: config.passwords.maximum_length,
        accessLasts: lasts,
      }),
      ...adminRoutes({ ...services, why, interactions }),
      ...referenceRoutes(described),
      ...outbox(services),
    ],
    apis: {
      served: apis,
      most: config.limits.requests.api,
      window: config.limits.requests.window,
    },
    published: [publishedDocument(described)],
    consoles: [accountConsole, adminConsole, referenceConsole],
    home: '/account',
    gate: {
      current: interactions.current,
      signIn: interactions.consoleSignIn,
      recentSignIn: config.account.recent_sign_in,
      recentSignInFor: config.account.recent_sign_in_for,
      ahead: services.secondFactor.ahead,
      isWeak: async ({ account, session }) =>
        strengthOf(session) < (await services.secondFactor.strongest(account)).strength,
    },
    closed: standing.closed,
    // Without Redis a node still answers whoever is signed in. Were it called not ready, a proxy that asks would take every
    // node away at once.
    async ready() {
      ephemera.ready().catch((error: unknown) => log.warn('without_ephemera', { error }));
      await records.ready();
    },
    around: oidc.scope,
    fast: ({ request, response }) => oidc.fast(request, response),
  });

  web.use(oidc.middleware);

  return web;
}

/** Shows what is not sent: in development mode alone, and only for as long as something is not. */
function outbox(services: Services): Route[] {
  const { config } = services;
  if (!Object.values(waysOf(config)).includes('outbox')) return [];

  return outboxRoutes({ kept: createKept({ ...services, writing: createWriting(config) }), issuer: config.issuer });
}

/** The link ends with the server that shows it. */
async function setupLink(
  { config, setup }: Services,
  opened: AsyncDisposableStack,
  failed: (error: unknown) => void,
): Promise<string | undefined> {
  const token = await setup.begin();
  if (token === undefined) return undefined;

  opened.defer(() => setup.end(token).catch(failed));

  return `${config.issuer}/setup?token=${token}`;
}
