/** Where applications stand, and what was ended. */

export const applicationsPath = '/account/applications';

export function applicationPath(clientId: string): `/${string}` {
  return `${applicationsPath}/${encodeURIComponent(clientId)}`;
}

/** What was ended is shown below here, by its id. */
export const receiptsPath = '/account/receipts';
