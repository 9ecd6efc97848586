import type { MessageKey } from '../../src/web/route.ts';
import { outboxMessageView, outboxView } from '../../src/messages/outbox.ts';
import { refusedView } from '../../src/oidc/error-answers.ts';
import { formPostView, signedOutView, signOutView } from '../../src/oidc/pages.ts';
import { failurePage } from '../../src/web/failures.ts';
import { ana, wiki } from '../support/interactions.ts';
import { now, sample, type Sample } from './sample.ts';

const app = { name: 'Wiki', uri: 'https://wiki.example.net/' };
const action = '/oauth/logout/confirm';

/** What happened, each with its advice. */
const failures = [
  'not_found',
  'forbidden',
  'conflict',
  'another_account',
  'sign_in_required',
  'recent_sign_in_required',
  'rate_limited',
  'invalid',
  'method_not_allowed',
  'unavailable',
  'maintenance',
  'unexpected',
  'protocol',
] as const;

const refusals: readonly MessageKey[] = [
  'protocol.refusedScope',
  'protocol.refusedWay',
  'protocol.refusedProof',
  'protocol.refusedRequest',
];

export const otherSamples: readonly Sample[] = [
  ...failures.map((code) =>
    sample(
      failurePage,
      ({ say }) => ({
        what: say(`error.${code}`),
        advice: say(`error.${code}.advice`),
        reference: 'h3kq9w2m',
        code: 'invalid_request',
        back:
          code === 'protocol'
            ? { url: app.uri, text: say('error.backToApp', { app: app.name }) }
            : { url: '/account', text: say('error.back') },
      }),
      { as: code, onlyWords: code !== 'not_found' },
    ),
  ),

  ...refusals.map((why) =>
    sample(
      refusedView,
      () => ({ client: wiki, why, code: 'invalid_scope', reference: 'h3kq9w2m', back: { url: app.uri } }),
      { as: why, onlyWords: why !== 'protocol.refusedScope' },
    ),
  ),

  sample(signOutView, () => ({ email: ana.email, action, xsrf: 'x' })),
  sample(signOutView, () => ({ app, email: ana.email, action, xsrf: 'x' }), { as: 'asked by an app' }),
  sample(signedOutView, () => ({ stayed: false, app })),
  sample(signedOutView, () => ({ stayed: true }), { as: 'stayed' }),
  sample(signedOutView, () => ({ stayed: true, app }), { as: 'stayed, without the app' }),
  sample(formPostView, () => ({ action: `${app.uri}cb`, fields: [{ name: 'code', value: 'c' }], app })),
  sample(formPostView, () => ({ action: `${app.uri}cb`, fields: [] }), { as: 'by nobody' }),

  sample(outboxView, () => ({ messages: [] }), { as: 'empty' }),
  sample(outboxView, ({ say }) => ({
    messages: [
      {
        path: '/dev/outbox/m',
        isMail: true,
        title: say('message.newDevice.subject'),
        to: ana.email,
        at: now - 60_000,
      },
      { path: '/dev/outbox/n', isMail: false, title: '012345', to: '+4915112345678', at: now },
    ],
  })),
  sample(outboxMessageView, ({ say }) => ({
    heading: say('message.newDevice.subject'),
    message: {
      to: ana.email,
      createdAt: now,
      template: 'new-device',
      text: say('message.newDevice.text', { service: 'Northwind ID' }),
    },
    htmlPath: undefined,
    links: ['https://id.example.com/account'],
  })),
];
