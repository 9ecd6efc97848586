import type { Configuration } from 'oidc-provider';

import type { Config } from '../config/schema.ts';
import { createIntrospectionPolicy, createResourceServers, mayRevoke } from './resources.ts';

type Features = NonNullable<Configuration['features']>;
type LogoutPages = Required<NonNullable<Features['rpInitiatedLogout']>>;

export interface FeatureHooks {
  logoutSource: LogoutPages['logoutSource'];
  postLogoutSuccessSource: LogoutPages['postLogoutSuccessSource'];
  /** An API was told of a person's API key that it may be used there. */
  keyAsked(key: string): Promise<void>;
}

const off = { enabled: false } as const;

/** The pages for people are in front of the library's, at the same paths. */
function notOurs(): never {
  throw new TypeError('a page of the library that nothing leads to');
}

/** What is offered. Every feature of the library is named, so that none is on because nobody thought of it. */
export function features(config: Config, hooks: FeatureHooks): Features {
  const { logoutSource, postLogoutSuccessSource, keyAsked } = hooks;

  return {
    backchannelLogout: { enabled: true },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    deviceFlow: {
      enabled: true,
      // Eight of twenty letters: 34 bits, guesses at which are counted (S47).
      charset: 'base-20',
      mask: '****-****',
      // Where a device asks from is kept beside what it asks (adapter/device-codes.ts).
      deviceInfo: () => ({}),
      userCodeInputSource: notOurs,
      userCodeConfirmSource: notOurs,
      successSource: notOurs,
    },
    // Our own keys sign by way of it (signing-key.ts); the library asks that its experiments be acknowledged by version.
    externalSigningSupport: { enabled: true, ack: 'experimental-01' },
    introspection: { enabled: true, allowedPolicy: createIntrospectionPolicy(config.resources, keyAsked) },
    jwtUserinfo: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_ctx, _client, oneOf) => oneOf,
      getResourceServerInfo: createResourceServers(config.apis),
      useGrantedResource: () => false,
    },
    revocation: { enabled: true, allowedPolicy: mayRevoke },
    rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
    userinfo: { enabled: true },

    attestClientAuth: { enabled: false, additionalSecuritySignal: false },
    ciba: { enabled: false, deliveryModes: ['poll'] },
    clientIdMetadataDocument: off,
    devInteractions: off,
    dPoP: off,
    encryption: off,
    fapi: off,
    jwtIntrospection: off,
    jwtResponseModes: off,
    mTLS: off,
    openid4vci: off,
    pushedAuthorizationRequests: off,
    registration: off,
    registrationManagement: off,
    requestObjects: off,
    richAuthorizationRequests: off,
    rpMetadataChoices: off,
    webMessageResponseMode: off,
  };
}
