import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';

import type { Account } from '../domain/account.ts';
import type { Passkey } from '../domain/factors.ts';
import type { PasskeyChallenges } from './passkey-challenge.ts';
import { challengeIn, ownerHandle, ownerIn, readAsserted, readCreated } from './passkey-response.ts';

/**
 * Passkeys: WebAuthn credentials (Level 3) that are found without a name (discoverable) and verify their user. Origin
 * and RP id come from the issuer, never from a request; the challenge is burnt before anything is verified; the library
 * verifies, and what it leaves open is checked here (SECURITY.md 4.9): frames of other sites, the owner, attestation.
 */
export interface PasskeyCeremonies {
  /** For `navigator.credentials.create`. `binding` as `ChallengeUse` has it, here and below. */
  creationOptions(of: { account: PasskeyOwner; passkeys: readonly Passkey[]; binding: string }): CreationOptions;
  created(text: string, binding: string): Promise<MadePasskey | PasskeyRefusal>;
  /** For `navigator.credentials.get`. With `passkeys` one of these is wanted; without, any of this site. */
  requestOptions(of: { passkeys?: readonly Passkey[]; binding: string }): RequestOptions;
  /** What an answer says of itself, to look the passkey up by; proves nothing. */
  readAsserted(text: string): { credentialId: string } | undefined;
  /** `passkey`: the one that was looked up; without it the challenge is burnt all the same. */
  asserted(
    text: string,
    of: { passkey: Passkey | undefined; accountId?: string | undefined; binding: string },
  ): Promise<UsedPasskey | PasskeyRefusal>;
}

export type PasskeyOwner = Pick<Account, 'id' | 'email' | 'displayName'>;
export type CreationOptions = PublicKeyCredentialCreationOptionsJSON;
export type RequestOptions = PublicKeyCredentialRequestOptionsJSON;

/** What the authenticator and the browser tell of a new passkey. */
export type MadePasskey = Omit<Passkey, 'accountId' | 'name' | 'createdAt' | 'lastUsedAt'>;

/** What an accepted use tells. `counter` is to be held against the stored one. */
export interface UsedPasskey {
  counter: number;
  backedUp: boolean;
}

/**
 * - `unreadable`: no answer of a browser, or one from a frame of another site.
 * - `challenge`: not ours, too old, used before, or another browser's.
 * - `unknown`: no such passkey here.
 * - `owner`: it says that it is somebody else's.
 * - `attestation`: a statement about its maker, for which nobody asked.
 * - `not_verified`: signature, origin, RP id, user verification or algorithm are wrong.
 */
export interface PasskeyRefusal {
  refused: 'unreadable' | 'challenge' | 'unknown' | 'owner' | 'attestation' | 'not_verified';
}

export interface PasskeysOptions {
  issuer: string;
  /** The service's name, as the browser shows it. */
  name: string;
  challenges: PasskeyChallenges;
}

/** EdDSA, ES256, RS256 (RFC 9053, RFC 8812): the same are offered and accepted. */
const algorithms = [-8, -7, -257];
/** Milliseconds: as long as the challenge works. */
const timeout = 300_000;

/** A quarter of a second of work that a server without passkeys never does. */
async function load() {
  const [server, { decodeAttestationObject }] = await Promise.all([
    import('@simplewebauthn/server'),
    import('@simplewebauthn/server/helpers'),
  ]);

  return { ...server, decodeAttestationObject };
}

export function createPasskeyCeremonies({ issuer, name, challenges }: PasskeysOptions): PasskeyCeremonies {
  const { hostname: rpId, origin } = new URL(issuer);
  let loading: ReturnType<typeof load> | undefined;
  const library = () => (loading ??= load());

  /** Begun when a page offers passkeys, done by when one is used. Should it fail, whoever needs it is told so then. */
  function warmUp(): void {
    library().catch(() => undefined);
  }

  const expected = { expectedOrigin: origin, expectedRPID: rpId, requireUserVerification: true };

  async function verifyCreated(response: RegistrationResponseJSON, challenge: string) {
    const { verifyRegistrationResponse, decodeAttestationObject } = await library();

    return unlessItThrows(async () => {
      const object = decodeAttestationObject(
        Uint8Array.from(Buffer.from(response.response.attestationObject, 'base64url')),
      );
      const statement = object.get('attStmt');

      // Asked for none, a browser sends none, or the passkey's own signature (section 6.5.4). Certificates would be
      // followed to addresses that they name.
      if (!['none', 'packed'].includes(object.get('fmt')) || statement.get('x5c') !== undefined) return 'attestation';

      const answer = { response, expectedChallenge: challenge, ...expected, supportedAlgorithmIDs: algorithms };

      return verifyRegistrationResponse(answer);
    });
  }

  async function verifyAsserted(response: AuthenticationResponseJSON, challenge: string, passkey: Passkey) {
    const { verifyAuthenticationResponse } = await library();
    const publicKey = Uint8Array.from(Buffer.from(passkey.publicKey, 'base64url'));
    // The counter is judged where it is stored, in one step with storing the new one.
    const credential = { id: passkey.id, publicKey, counter: 0 };

    return unlessItThrows(() =>
      verifyAuthenticationResponse({ response, expectedChallenge: challenge, ...expected, credential }),
    );
  }

  return {
    creationOptions({ account, passkeys, binding }) {
      warmUp();

      return {
        rp: { id: rpId, name },
        user: { id: ownerHandle(account.id), name: account.email, displayName: account.displayName || account.email },
        challenge: challenges.make({ ceremony: 'create', binding }),
        pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
        timeout,
        attestation: 'none',
        excludeCredentials: descriptors(passkeys),
        authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      };
    },

    async created(text, binding) {
      const response = readCreated(text);
      const challenge = response && challengeIn(response.response);
      if (response === undefined || challenge === undefined) return { refused: 'unreadable' };
      if (!(await challenges.burn(challenge, { ceremony: 'create', binding }))) return { refused: 'challenge' };

      const verified = await verifyCreated(response, challenge);
      if (verified === 'attestation') return { refused: 'attestation' };

      const info = verified?.registrationInfo;
      if (verified?.verified !== true || !info || info.credential.id !== response.id)
        return { refused: 'not_verified' };

      return {
        id: info.credential.id,
        publicKey: Buffer.from(info.credential.publicKey).toString('base64url'),
        counter: info.credential.counter,
        synced: info.credentialDeviceType === 'multiDevice',
        backedUp: info.credentialBackedUp,
        transports: response.response.transports ?? [],
        aaguid: info.aaguid,
      };
    },

    requestOptions({ passkeys, binding }) {
      warmUp();

      return {
        rpId,
        challenge: challenges.make({ ceremony: 'get', binding }),
        timeout,
        userVerification: 'required',
        ...(passkeys && { allowCredentials: descriptors(passkeys) }),
      };
    },

    readAsserted(text) {
      const response = readAsserted(text);

      return response && { credentialId: response.id };
    },

    async asserted(text, { passkey, accountId, binding }) {
      const response = readAsserted(text);
      const challenge = response && challengeIn(response.response);
      if (response === undefined || challenge === undefined) return { refused: 'unreadable' };
      if (!(await challenges.burn(challenge, { ceremony: 'get', binding }))) return { refused: 'challenge' };
      if (passkey === undefined || passkey.id !== response.id) return { refused: 'unknown' };

      // Found without a name, it must say whose it is (section 7.2 step 6); asked for by name, it may.
      const owner = ownerIn(response.response) ?? accountId;
      if (owner !== passkey.accountId || (accountId ?? owner) !== owner) return { refused: 'owner' };

      const verified = await verifyAsserted(response, challenge, passkey);
      const info = verified?.authenticationInfo;
      if (verified?.verified !== true || !info) return { refused: 'not_verified' };

      // Whether it can be copied is settled when it is made (section 7.2 step 19).
      if ((info.credentialDeviceType === 'multiDevice') !== passkey.synced) return { refused: 'not_verified' };

      return { counter: info.newCounter, backedUp: info.credentialBackedUp };
    },
  };
}

/** The library throws for whatever is wrong with an answer, in sentences that quote it; all that matters is that it did. */
async function unlessItThrows<T>(verify: () => Promise<T>): Promise<T | undefined> {
  try {
    return await verify();
  } catch {
    return undefined;
  }
}

function descriptors(passkeys: readonly Passkey[]) {
  return passkeys.map(({ id, transports }) => ({
    id,
    type: 'public-key' as const,
    ...(transports.length > 0 && { transports }),
  }));
}
