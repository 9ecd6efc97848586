import { emailKey } from '../domain/account.ts';
import type { AuditFilter } from '../events/audit.ts';
import { isEventKind } from '../events/catalogue.ts';
import type { Records } from '../storage/records.ts';
import { problem, refused, type Problem, type Result } from './problems.ts';

export type { AuditFilter };

/** What somebody types who looks for events: every part may be left out or empty. */
export interface AuditQuestion {
  /** RFC 3339, or a date alone, which is its beginning in UTC. */
  from?: string | undefined;
  until?: string | undefined;
  /** As it stands in events, or an e-mail address. */
  actor?: string | undefined;
  /** An id, or an e-mail address. */
  account?: string | undefined;
  client?: string | undefined;
  kind?: string | undefined;
}

/** Reads it. Whoever is named by an address that nobody has is a problem beside the field. */
export async function readAuditQuestion(
  asked: AuditQuestion,
  { accounts }: Pick<Records, 'accounts'>,
): Promise<Result<AuditFilter>> {
  const problems: Problem[] = [];

  function timeAt(path: 'from' | 'until'): number | undefined {
    const text = asked[path];
    if (text === undefined || text === '') return undefined;

    const at = momentOf(text);
    if (at === undefined) problems.push(problem(path, 'problem.moment'));

    return at;
  }

  async function idOf(path: 'actor' | 'account'): Promise<string | undefined> {
    const text = asked[path]?.trim() ?? '';
    if (!text.includes('@')) return textOf(path);

    const account = await accounts.find('email', emailKey(text));
    if (!account) problems.push(problem(path, 'problem.noAccount'));

    return account?.id;
  }

  function textOf(path: 'actor' | 'account' | 'client' | 'kind'): string | undefined {
    const text = asked[path]?.trim() ?? '';
    if (!text.isWellFormed() || text.length > 500) problems.push(problem(path, 'problem.invalid'));

    return text === '' ? undefined : text;
  }

  const filter: AuditFilter = {
    from: timeAt('from'),
    until: timeAt('until'),
    actor: await idOf('actor'),
    account: await idOf('account'),
    client: textOf('client'),
    kind: textOf('kind'),
  };

  if (filter.kind !== undefined && !isEventKind(filter.kind)) problems.push(problem('kind', 'problem.eventKind'));

  return problems.length > 0 ? refused(...problems) : { ok: true, value: filter };
}

/** Milliseconds, of what somebody typed. Undefined: no such time; without a zone it is UTC. */
export function momentOf(text: string): number | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/i.exec(
    text.trim(),
  );
  if (!parts) return undefined;

  const [, date = '', time = '00:00', zone = 'Z'] = parts;
  const [at, day] = [Date.parse(`${date}T${time}${zone.toUpperCase()}`), Date.parse(`${date}T00:00Z`)];
  if (Number.isNaN(at) || Number.isNaN(day)) return undefined;

  // 31 February is no day, and not one in March.
  return new Date(day).toISOString().startsWith(date) ? at : undefined;
}
