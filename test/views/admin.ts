import { chartOf, overviewView } from '../../src/admin/overview.ts';
import { tallied, tallyId, type Tallied } from '../../src/domain/tally.ts';
import { now, sample, type Sample } from './sample.ts';

const hour = 3_600_000;
const hours = Array.from({ length: 24 }, (_, at) => Date.parse(tallyId(now)) - (23 - at) * hour);
const busy = (of: Tallied, at: number) => (of === 'failures' ? at % 5 : Math.round(1000 * (1 + Math.sin(at / 3)) ** 2));
const countsAt = (count: (of: Tallied) => number) =>
  Object.fromEntries(tallied.map((of) => [of, count(of)])) as Record<Tallied, number>;

const overview = { issuer: 'https://id.example.com', over: 'day', instead: 'month' } as const;

export const adminSamples: readonly Sample[] = [
  sample(overviewView, () => ({
    ...overview,
    attention: [
      { kind: 'mailLate' as const, text: 'admin.attention.mailLate' as const, count: 12 },
      { kind: 'keyOld' as const, text: 'admin.attention.keyOld' as const, count: 1 },
    ],
    charts: tallied.map((of) =>
      chartOf(
        of,
        hours.map((from, at) => ({ from, counts: countsAt((name) => busy(name, at)) })),
      ),
    ),
  })),
  sample(
    overviewView,
    () => ({
      ...overview,
      attention: [],
      charts: tallied.map((of) =>
        chartOf(
          of,
          hours.map((from) => ({ from, counts: countsAt(() => 0) })),
        ),
      ),
    }),
    { as: 'of the first day' },
  ),
];
