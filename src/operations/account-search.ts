import { emailKey, nameKey, type Account } from '../domain/account.ts';
import type { Page, Records } from '../storage/records.ts';

/**
 * Finding accounts among a million: every way reads one index from one place on, so that the thousandth page costs what the
 * first does. What is not the beginning of something that an index has in its order can't be looked for.
 */
export interface AccountSearch {
  /** By a whole address or id. Undefined: nobody's. */
  exact(text: string): Promise<Account | undefined>;
  /** Throws Invalid for an unreadable `after`, and for a `limit` that is not 1 to 1000. */
  list(asked?: Listed): Promise<Page<Account>>;
  /** The one whose address or id it is, and the first of those with an address or name that begins so. */
  search(text: string, limit: number): Promise<Found>;
}

/** What can be looked for by its beginning, whatever its case. */
export const searchedBy = ['email', 'name', 'lastName'] as const;
export type SearchedBy = (typeof searchedBy)[number];

/** Those with a role, those that don't open, and those that were closed and can still be kept. */
export const accountGroups = ['admin', 'auditor', 'locked', 'closing'] as const;
export type AccountGroup = (typeof accountGroups)[number];

export interface Listed {
  /** In alphabetical order. */
  begins?: { by: SearchedBy; with: string } | undefined;
  only?: AccountGroup | undefined;
  /** `next` of the page before. */
  after?: string | undefined;
  limit?: number | undefined;
}

export interface Found {
  exact?: Account;
  /** Without whom an earlier one has on its first page; those with nobody are left out. */
  parts: { by: SearchedBy; rows: Account[]; next?: string }[];
}

/** Longer than any address. */
const longest = 320;

export function createAccountSearch({ records: { accounts } }: { records: Pick<Records, 'accounts'> }): AccountSearch {
  async function exact(typed: string): Promise<Account | undefined> {
    const text = typed.trim();
    if (text === '' || text.length > longest || !text.isWellFormed()) return undefined;

    const [byId, byEmail] = await Promise.all([accounts.get(text), accounts.find('email', emailKey(text))]);

    return byId ?? byEmail;
  }

  async function list({ begins, only, after, limit = 25 }: Listed = {}): Promise<Page<Account>> {
    const page = { limit, ...(after !== undefined && { after }) };
    if (begins) return accounts.list(begins.by, 'all', { ...page, prefix: keyOf(begins) });

    switch (only) {
      case 'admin':
      case 'auditor':
        return accounts.list('administrators', only, page);
      case 'locked':
      case 'closing':
        return accounts.list(only, 'all', page);
      default:
        return accounts.list('created', 'all', { ...page, descending: true });
    }
  }

  return {
    exact,
    list,

    async search(typed, limit) {
      const text = typed.trim();
      if (text === '' || text.length > longest || !text.isWellFormed()) return { parts: [] };

      const [found, ...pages] = await Promise.all([
        exact(text),
        ...searchedBy.map((by) => list({ begins: { by, with: text }, limit })),
      ]);
      const shown = new Set(found && [found.id]);
      const parts: Found['parts'] = [];

      for (const [at, by] of searchedBy.entries()) {
        const { rows, next } = pages[at] ?? { rows: [] };
        const fresh = rows.filter(({ id }) => !shown.has(id));
        for (const { id } of fresh) shown.add(id);

        if (fresh.length > 0 || next !== undefined)
          parts.push({ by, rows: fresh, ...(next !== undefined && { next }) });
      }

      return { ...(found && { exact: found }), parts };
    },
  };
}

function keyOf({ by, with: text }: NonNullable<Listed['begins']>): string {
  return (by === 'email' ? emailKey : nameKey)(text);
}
