import { randomBytes } from 'node:crypto';

const prefix = randomBytes(9).toString('base64url');
let written = 0;

/** Never the same twice, in any process. */
export function newRevision(): string {
  written += 1;

  return `${prefix}${written.toString(36)}`;
}
