import type { CodeMessage, IssuedCode } from '../credentials/one-time-code.ts';
import type { Messages } from '../messages/messages.ts';
import type { TextAsk } from '../messages/text-limits.ts';
import type { TextAdmission, TextNumber } from '../messages/text-numbers.ts';
import type { Write } from '../storage/records.ts';

/** `wait` in seconds: enough for now to this number. `off`: no code can go there. */
export type NoText = { wait: number } | 'off';

/** What writes the message of a code, or says why there is none: for `issue`. */
export type TextMessage = (code: IssuedCode) => Promise<CodeMessage<NoText>>;

/**
 * Sends a code by text message. Its share of what may be sent is taken only once there is a code to send, and given back
 * where another call was quicker: a press that is refused costs nobody anything (S99).
 */
export async function sendTextCode<Sent extends object>(
  messages: Pick<Messages, 'allowText'>,
  { compose, ...asked }: TextAsk & { compose: (code: IssuedCode, to: TextNumber) => readonly Write[] },
  issue: (message: TextMessage) => Promise<Sent | NoText>,
): Promise<Sent | NoText> {
  let admission: TextAdmission | undefined;

  const sent = await issue(async (code) => {
    admission ??= await messages.allowText(asked);
    if (admission.allowed) return compose(code, admission.to);

    return { refusal: 'retryAfter' in admission ? { wait: admission.retryAfter } : 'off' };
  });

  if ((sent === 'off' || 'wait' in sent) && admission?.allowed) await admission.giveBack();

  return sent;
}
