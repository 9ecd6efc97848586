import { consoleClientId } from '../domain/client.ts';
import type { ClientFace } from '../domain/client-face.ts';
import type { Ended } from '../oidc/interactions.ts';
import { show, view, type Outcome } from '../web/route.ts';

/** What a person sees who comes to a step that is not there: what happened, and two ways on. */
export interface EndedView {
  uid: string;
  why: Ended['ended'];
  client?: ClientFace;
  /** Whether "Start again" can be offered; else the way back to the app, or to the account, is the primary one. */
  restartable: boolean;
}

export const endedView = view<EndedView>('sign-in/ended', 'door', 'signIn.endedTitle');

/**
 * The page instead of a step that has ended (expired, finished already, begun in another browser). It is a door, never a
 * dead end: also consent shows it, handed in by the composition root.
 */
export function showEnded(uid: string, { ended, client, restartable }: Ended): Outcome {
  // To people the account console is no app to go back to: "Go to your account" leads there.
  const named = client !== undefined && client.id !== consoleClientId;

  return show(endedView, { uid, why: ended, restartable, ...(named && { client }) }, { status: 410 });
}
