import packageDocument from '../package.json' with { type: 'json' };
import type { Config } from './config/schema.ts';
import { documentPaths } from './oidc/documents.ts';
import { routes } from './oidc/settings.ts';
import type { Measuring } from './web/metrics.ts';

const places: ReadonlySet<string> = new Set([...Object.values(routes), ...documentPaths]);

/** The part of `app.ts` about figures for Prometheus. Their library is loaded where they are asked for. */
export async function openMetrics(
  { metrics: { port, host, token } }: Pick<Config, 'metrics'>,
  opened: AsyncDisposableStack,
): Promise<(Measuring & { event(kind: string): void }) | undefined> {
  if (port === undefined && token === undefined) return undefined;

  const [{ createMetrics }, { openMetricsPort }] = await Promise.all([
    import('./metrics/metrics.ts'),
    import('./metrics/port.ts'),
  ]);
  const metrics = createMetrics({ version: packageDocument.version });
  if (port !== undefined) opened.use(await openMetricsPort(metrics, { host, port }));

  return { ...metrics, token, places };
}
