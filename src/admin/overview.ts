import { tallied, type Tallied } from '../domain/tally.ts';
import { spans, type Attention, type Bucket, type Overview, type Span } from '../operations/overview.ts';
import { page, view, type MessageKey, type Route } from '../web/route.ts';
import { seeing, type AdminPage } from './page.ts';

export interface OverviewDeps {
  config: { issuer: string };
  overview: Overview;
}

export interface OverviewView {
  issuer: string;
  over: Span;
  /** The other one. */
  instead: Span;
  attention: { kind: Attention['kind']; text: MessageKey; count: number }[];
  charts: Chart[];
}

/** One figure over time. */
export interface Chart {
  of: Tallied;
  title: MessageKey;
  /** In all, or the most that there were at once. */
  total: number;
  most: number;
  bars: {
    /** Milliseconds. */
    from: number;
    value: number;
    /** In a drawing of 100 in height, beginning at the foot. */
    height: number;
    /** From the left, of `width`. */
    left: number;
  }[];
  /** Of each bar; the whole is 480. */
  width: number;
}

export const overviewView = view<OverviewView>('admin/overview', 'shell', 'admin.overview.title');

const drawn = { width: 480, gap: 3 };

/** How the installation is doing. */
export const overview: AdminPage<OverviewDeps> = {
  place: { path: '/admin', label: 'admin.overview.title', icon: 'activity' },

  routes: ({ config: { issuer }, overview: of }): Route[] => [
    page(
      '/admin',
      overviewView,
      async ({ query }): Promise<OverviewView> => {
        const over = spans.find((span) => span === query['over']) ?? 'day';
        const [buckets, attention] = await Promise.all([of.activity(over), of.attention()]);

        return {
          issuer,
          over,
          instead: over === 'day' ? 'month' : 'day',
          attention: attention.map(({ kind, count }) => ({ kind, text: `admin.attention.${kind}`, count })),
          charts: tallied.map((name) => chartOf(name, buckets)),
        };
      },
      seeing,
    ),
  ],
};

export function chartOf(of: Tallied, buckets: readonly Bucket[]): Chart {
  const values = buckets.map(({ counts }) => counts[of]);
  const most = Math.max(0, ...values);
  const step = drawn.width / buckets.length;

  return {
    of,
    title: `admin.overview.${of}`,
    total: of === 'sessions' ? (values.at(-1) ?? 0) : values.reduce((sum, each) => sum + each, 0),
    most,
    width: step - drawn.gap,
    bars: buckets.map(({ from }, at) => {
      const value = values[at] ?? 0;
      // Whatever there was can be seen.
      const height = value === 0 ? 0 : Math.max(2, Math.round((value / most) * 100));

      return { from, value, height, left: Math.round((at * step + drawn.gap / 2) * 10) / 10 };
    }),
  };
}
