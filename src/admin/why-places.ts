/** Where it stands what would happen at a sign-in. */
export const whyPath = '/admin/why';

export function whyPathOf(of: { account?: string; client?: string }): `/${string}` {
  return `${whyPath}?${new URLSearchParams(of).toString()}`;
}
