/** Where the pages about account holders are, which lead to each other. */
export const accountsPath = '/admin/accounts';

export function accountPath(id: string, below = ''): `/${string}` {
  return `${accountsPath}/${encodeURIComponent(id)}${below}`;
}
