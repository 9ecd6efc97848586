import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { z } from 'zod';

/** What a browser answers in a passkey ceremony, as JSON text from a form: read strictly before anything looks into it. */

/** In characters of base64url: 1023 bytes (WebAuthn Level 3 section 4, "credential ID"). */
const longestId = 1364;
const longestText = 100_000;

const base64url = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[\w-]+$/);
const credentialId = base64url(longestId);

const transport = z.enum(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']);

const created = z.object({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: base64url(20_000),
    attestationObject: base64url(longestText),
    // Hints for the next time, of which browsers know more and more: what we don't know is left out.
    transports: z
      .array(z.unknown())
      .max(20)
      .default([])
      .transform((list) => list.flatMap((each) => transport.safeParse(each).data ?? [])),
  }),
});

const asserted = z.object({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: base64url(20_000),
    authenticatorData: base64url(20_000),
    signature: base64url(20_000),
    userHandle: base64url(100)
      .nullish()
      .transform((handle) => handle ?? undefined),
  }),
});

const clientData = z.object({
  challenge: base64url(1000),
  crossOrigin: z.boolean().optional(),
  topOrigin: z.unknown().optional(),
});

/** Undefined for what no browser sends. */
export function readCreated(text: string): RegistrationResponseJSON | undefined {
  const read = created.safeParse(parsed(text)).data;

  return read && { ...read, clientExtensionResults: {} };
}

export function readAsserted(text: string): AuthenticationResponseJSON | undefined {
  const read = asserted.safeParse(parsed(text)).data;
  if (!read) return undefined;

  const { userHandle, ...response } = read.response;

  return {
    ...read,
    response: { ...response, ...(userHandle !== undefined && { userHandle }) },
    clientExtensionResults: {},
  };
}

/**
 * The challenge that was answered; undefined when the answer came from inside another site's page (section 13.4.9), which
 * the library lets pass where the browser doesn't name that site.
 */
export function challengeIn(response: { clientDataJSON: string }): string | undefined {
  const text = Buffer.from(response.clientDataJSON, 'base64url').toString();
  const read = clientData.safeParse(parsed(text)).data;

  return read && read.crossOrigin !== true && read.topOrigin === undefined ? read.challenge : undefined;
}

/** The account that the passkey was made for, by what it says itself (section 5.4.3, `user.id`). */
export function ownerIn({ userHandle }: { userHandle?: string }): string | undefined {
  return userHandle === undefined ? undefined : Buffer.from(userHandle, 'base64url').toString();
}

export function ownerHandle(accountId: string): string {
  return Buffer.from(accountId).toString('base64url');
}

function parsed(text: string): unknown {
  if (text.length > 2 * longestText) return undefined;

  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
