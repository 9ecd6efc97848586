/** What a mail server's refusal means, and how it is told without naming anybody. */

interface MailError extends Error {
  code?: string;
  /** What the system called it: ECONNREFUSED. */
  originalCode?: string;
  command?: string;
  /** The server's own words. */
  response?: string;
  responseCode?: number;
}

/** The steps at which a server speaks of this one mail, and not of whoever brings it. */
const aboutTheMail = /^(MAIL FROM|RCPT TO|DATA)/;
/** RFC 4954 section 6: it wants us to sign in first. That is for the operator to mend. */
const signInFirst = 530;
const longestReply = 200;

/** Whether no later try can help: a 5yz to this mail (RFC 5321 section 4.2.1). */
export function isPermanent(error: unknown): boolean {
  const { command = '', responseCode = 0 } = error as MailError;

  return aboutTheMail.test(command) && responseCode >= 500 && responseCode !== signInFirst;
}

/** In one line, for the operator. Servers repeat the address that they refuse, which is nobody's business here. */
export function describeMailError(error: unknown): string {
  const { code, originalCode, command, response, message } = error as MailError;
  const where = command === undefined || command === 'API' ? '' : `${command}: `;
  const what = response ?? `${originalCode ?? code ?? ''} ${message}`;

  return `${where}${oneLine(what)}`;
}

function oneLine(text: string): string {
  return text
    .replaceAll(/\S*@\S*/g, '…')
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, longestReply);
}
