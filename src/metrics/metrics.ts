import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/**
 * Figures for Prometheus: what requests take, what happens (by kind of event), and how the process is. It owns what is
 * measured and under which names; it must not know pages, stores or the protocol. Labels hold what we name, never what
 * somebody sent: nobody can make them many.
 */
export interface Metrics {
  /** `route` as it is written in our lists, or undefined where none answered. */
  request(facts: { method: string; route: string | undefined; status: number; seconds: number }): void;
  event(kind: string): void;
  /** The exposition format of Prometheus. */
  text(): Promise<string>;
  /** Its media type. */
  readonly type: string;
}

/** Seconds: between what is prebuilt and what a person gives up on. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export function createMetrics({ version }: { version: string }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  new Gauge({
    name: 'gatehouse_build_info',
    help: 'Always 1; the version stands in the label.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);

  const requests = new Histogram({
    name: 'gatehouse_http_request_duration_seconds',
    help: 'How long requests took, by the route that answered.',
    labelNames: ['method', 'route', 'status'],
    buckets,
    registers,
  });

  const events = new Counter({
    name: 'gatehouse_security_events_total',
    help: 'What happened, by kind of event, as the audit log has it.',
    labelNames: ['kind'],
    registers,
  });

  return {
    request({ method, route = 'none', status, seconds }) {
      requests.observe({ method: methods.has(method) ? method : 'other', route, status }, seconds);
    },

    event: (kind) => events.inc({ kind }),
    text: () => registry.metrics(),
    type: registry.contentType,
  };
}
