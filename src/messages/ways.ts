import type { Config } from '../config/schema.ts';
import type { MessageChannel } from '../domain/message.ts';

/** Where the messages of a channel go. `none`: production without a server to send them. */
export type Way = 'network' | 'outbox' | 'none';

export function waysOf({ mode, messages }: Pick<Config, 'mode' | 'messages'>): Readonly<Record<MessageChannel, Way>> {
  const otherwise: Way = mode === 'development' ? 'outbox' : 'none';

  return {
    email: messages.smtp.host === undefined ? otherwise : 'network',
    sms: messages.sms.account_sid === undefined ? otherwise : 'network',
  };
}
