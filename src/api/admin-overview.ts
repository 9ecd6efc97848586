import { z } from 'zod';

import { spans, type Overview } from '../operations/overview.ts';
import { adminEndpoint, time, timeOf, type DescribedEndpoint } from './endpoint.ts';

export interface OverviewApiDeps {
  overview: Overview;
}

const count = z.int().min(0);

const overview = z.strictObject({
  activity: z.array(
    z.strictObject({
      /** When the hour or day begins. */
      from: time,
      signIns: count,
      failures: count,
      tokens: count,
      /** The most that there were at once. */
      sessions: count,
    }),
  ),
  attention: z.array(
    z.strictObject({
      kind: z.enum([
        'noticesFailed',
        'noticesLate',
        'mailFailed',
        'mailLate',
        'textsFailed',
        'textsLate',
        'keyOld',
        'secretsUnused',
        'settingsUnfit',
        'settingsDiffer',
        'webhooksStopped',
        'webhooksFailing',
      ]),
      count,
    }),
  ),
});

export function overviewEndpoints(deps: OverviewApiDeps): DescribedEndpoint[] {
  return [
    adminEndpoint({
      name: 'overview.get',
      method: 'GET',
      path: '/overview',
      scope: 'overview:read',
      summary: 'How much happens, by hours of a day or by days of a month, and what needs attention',
      query: z.strictObject({ over: z.enum(spans).default('day') }),
      answer: overview,
      async run(_call, { query: { over } }) {
        const [activity, attention] = await Promise.all([deps.overview.activity(over), deps.overview.attention()]);

        return { activity: activity.map(({ from, counts }) => ({ from: timeOf(from), ...counts })), attention };
      },
    }),
  ];
}
