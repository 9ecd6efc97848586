import type { AuditFilter } from '../events/audit.ts';

export const auditPath = '/admin/audit';

/** Where what a filter leaves can be read; it may be kept and opened again. */
export function auditPathOf({ from, until, ...texts }: AuditFilter, after?: string): `/${string}` {
  const parts = {
    from: from === undefined ? undefined : new Date(from).toISOString(),
    until: until === undefined ? undefined : new Date(until).toISOString(),
    ...texts,
    after,
  };
  const given = Object.entries(parts).flatMap(([name, text]) =>
    text === undefined ? [] : [[name, text] as [string, string]],
  );

  return given.length === 0 ? auditPath : `${auditPath}?${new URLSearchParams(given).toString()}`;
}
