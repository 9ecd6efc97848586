import { closedView, closeView } from '../../src/account/close.ts';
import { closingView } from '../../src/sign-in/closing.ts';
import { ana, payroll, uid, wiki } from '../support/interactions.ts';
import { day, now, sample, type Sample } from './sample.ts';

const none = { names: [], more: 0 };
const several = { names: ['Northwind Payroll and Expenses', 'Wiki'], more: 3 };
const closed = { email: ana.email, browsers: 0, lost: none, told: none, keys: none, tokens: [] };

export const leavingSamples: readonly Sample[] = [
  sample(closeView, () => ({ isLastAdministrator: false, told: none, lose: none })),
  sample(
    closeView,
    () => ({ isLastAdministrator: false, told: several, lose: several, grace: { count: 30, unit: 'days' as const } }),
    { as: 'with apps and time to think again', problems: { agree: 'closing.agreeMissing' } },
  ),
  sample(
    closeView,
    () => ({ isLastAdministrator: false, told: none, lose: none, grace: { count: 1, unit: 'hours' as const } }),
    { as: 'with an hour' },
  ),
  sample(closeView, () => ({ isLastAdministrator: true, told: none, lose: none }), {
    as: 'of the last administrator',
    problems: { form: 'closing.lastAdministrator' },
  }),

  sample(closedView, () => closed),
  sample(
    closedView,
    () => ({
      ...closed,
      until: now + 30 * day,
      mailedTo: ana.email,
      browsers: 3,
      lost: several,
      told: several,
      keys: { names: ['Backup of the wiki', 'Calendar at home'], more: 0 },
      tokens: [{ name: payroll.name, until: now + day }],
    }),
    { as: 'that can be kept' },
  ),

  sample(closingView, () => ({ uid, client: wiki, email: ana.email, until: now + 12 * day, mayRefuse: true })),
];
