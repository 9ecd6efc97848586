/** Reads a mail as a mail program does. Enough of MIME for what our own mailer writes. */
export interface ReadMail {
  /** Lower-case names; the lines of one header joined. */
  headers: Record<string, string>;
  subject: string;
  text: string;
  html: string;
  /** Content types of everything in it, from the outside in. */
  types: string[];
}

export function readMail(source: string): ReadMail {
  const mail: ReadMail = { headers: {}, subject: '', text: '', html: '', types: [] };
  const { headers } = readPart(source, mail);

  return { ...mail, headers, subject: decodeWords(headers['subject'] ?? '') };
}

function readPart(source: string, into: ReadMail): { headers: Record<string, string> } {
  const end = source.indexOf('\r\n\r\n');
  const headers = headersOf(source.slice(0, end));
  const body = source.slice(end + 4);
  const type = headers['content-type'] ?? 'text/plain';
  const boundary = /boundary="?([^";]+)"?/.exec(type)?.[1];
  const [name = ''] = type.split(';');
  into.types.push(name);

  if (boundary !== undefined) {
    const parts = `\r\n${body}`.split(`\r\n--${boundary}`).slice(1, -1);
    for (const part of parts) readPart(part.replace(/^\r\n/, ''), into);
  } else if (name === 'text/plain' && into.text === '') {
    into.text = decode(body, headers['content-transfer-encoding']);
  } else if (name === 'text/html') {
    into.html = decode(body, headers['content-transfer-encoding']);
  }

  return { headers };
}

function headersOf(block: string): Record<string, string> {
  const lines = block.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n');

  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];

      return [name.toLowerCase(), value];
    }),
  );
}

function decode(body: string, encoding = '7bit'): string {
  const bytes = /base64/i.test(encoding)
    ? Buffer.from(body, 'base64')
    : /quoted-printable/i.test(encoding)
      ? fromQuotedPrintable(body.replaceAll('=\r\n', ''))
      : Buffer.from(body, 'latin1');

  return bytes.toString('utf8').replaceAll('\r\n', '\n').trim();
}

function fromQuotedPrintable(text: string): Buffer {
  const plain = text.replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

  return Buffer.from(plain, 'latin1');
}

/** RFC 2047. White space between two encoded words is no part of the text. */
function decodeWords(value: string): string {
  return value
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_, kind: string, text: string) =>
      kind.toUpperCase() === 'B'
        ? Buffer.from(text, 'base64').toString('utf8')
        : fromQuotedPrintable(text.replaceAll('_', ' ')).toString('utf8'),
    );
}
