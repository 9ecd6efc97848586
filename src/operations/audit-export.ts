import type { Audit, AuditEntry, AuditFilter } from '../events/audit.ts';
import type { Events } from '../events/writer.ts';
import { time } from './data-fields.ts';
import type { By } from './problems.ts';

/**
 * The record of events as a file, the newest first, written while it is read: never more than a page of it is held,
 * however long it is.
 */
export interface AuditExport {
  /**
   * Writes down that it was asked for. What is answered reads as far as it is taken, and throws what storage does. Throws
   * Unavailable at once where that could not be written down.
   */
  begin(filter: AuditFilter, format: AuditFormat, by: By): Promise<AuditFile>;
}

export const auditFormats = ['jsonl', 'csv'] as const;
export type AuditFormat = (typeof auditFormats)[number];

export interface AuditFile {
  name: string;
  /** RFC 4180 for CSV. */
  type: string;
  text: AsyncIterable<string>;
}

export interface AuditExportDeps {
  audit: Pick<Audit, 'list'>;
  events: Pick<Events, 'write'>;
}

/** Events that are read at once. */
const page = 200;

const types = { jsonl: 'application/jsonl', csv: 'text/csv; charset=utf-8; header=present' } as const;

export function createAuditExport({ audit, events }: AuditExportDeps): AuditExport {
  async function* entries(filter: AuditFilter): AsyncGenerator<readonly AuditEntry[]> {
    let after: string | undefined;

    do {
      const { events: found, next } = await audit.list(filter, { after, limit: page });
      yield found;
      after = next;
    } while (after !== undefined);
  }

  async function* lines(filter: AuditFilter): AsyncGenerator<string> {
    for await (const found of entries(filter)) {
      if (found.length > 0) yield found.map((entry) => `${JSON.stringify(documentOf(entry))}\n`).join('');
    }
  }

  async function* table(filter: AuditFilter): AsyncGenerator<string> {
    yield rowOf(columns.map(([name]) => name));

    for await (const found of entries(filter)) {
      if (found.length > 0) yield found.map((entry) => rowOf(columns.map(([, of]) => of(entry)))).join('');
    }
  }

  return {
    async begin(filter, format, by) {
      await events.write('audit.exported', { ...by, details: { format, filter: wordsOf(filter) } });

      return { name: `audit.${format}`, type: types[format], text: (format === 'csv' ? table : lines)(filter) };
    },
  };
}

/** As it was asked for, times in RFC 3339. */
function wordsOf({ from, until, ...texts }: AuditFilter): Record<string, string> {
  const all = { ...texts, from: time(from), until: time(until) };

  return Object.fromEntries(Object.entries(all).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));
}

/** What a program gets of an event, wherever it asks for one; what is absent has no name. */
export function documentOf(entry: AuditEntry) {
  const { id, kind, at, actor, accountId, clientId, requestId, ip, userAgent, device, details, unreadable } = entry;

  return {
    id,
    at: new Date(at).toISOString(),
    kind,
    actor,
    ...(accountId !== undefined && { accountId }),
    ...(clientId !== undefined && { clientId }),
    ...(ip !== undefined && { ip }),
    ...(userAgent !== undefined && { userAgent }),
    ...(device && { device: { ip: device.ip, userAgent: device.userAgent } }),
    ...(requestId !== undefined && { requestId }),
    details,
    ...(unreadable && { unreadable }),
  };
}

type Column = readonly [name: string, of: (entry: AuditEntry) => string | undefined];

const columns: readonly Column[] = [
  ['at', ({ at }) => time(at)],
  ['kind', ({ kind }) => kind],
  ['actor', ({ actor }) => actor],
  ['account_id', ({ accountId }) => accountId],
  ['client_id', ({ clientId }) => clientId],
  ['ip', ({ ip }) => ip],
  ['user_agent', ({ userAgent }) => userAgent],
  ['device_ip', ({ device }) => device?.ip],
  ['device_user_agent', ({ device }) => device?.userAgent],
  ['request_id', ({ requestId }) => requestId],
  ['details', ({ details }) => JSON.stringify(details)],
  ['id', ({ id }) => id],
];

function rowOf(cells: readonly (string | undefined)[]): string {
  return `${cells.map((text) => cellOf(text ?? '')).join(',')}\r\n`;
}

/**
 * RFC 4180, with an apostrophe before what a spreadsheet would calculate: strangers say what their browser is called, and
 * this is opened on an administrator's machine.
 */
export function cellOf(text: string): string {
  const safe = /^\s*[=+\-@|%\uff0b\uff0d\uff1d\uff20]|^[\t\r\n]/.test(text) ? `'${text}` : text;

  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
