import { readFileSync } from 'node:fs';

import type { RedisServer } from '../../support/redis.ts';

/**
 * What the README tells operators to allow, as words of `ACL SETUSER <name>`: with the password `secret`. So what it says
 * is what the suites run with.
 */
const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

export const rightsAtServer = rightsOf('gatehouse');
export const rightsAtSentinel = rightsOf('watcher');
/** On a Cluster, beside those. */
export const rightsOnCluster = found(/On a Cluster also `([^`]+)`/).split(' ');

/** The commands among them, in the words of `INFO commandstats`. */
export function commandsOf(rights: readonly string[]): string[] {
  return rights.filter((right) => right.startsWith('+')).map((right) => right.slice(1));
}

/** Those that a server was asked since its statistics were reset. */
export async function commandsUsed(server: RedisServer): Promise<string[]> {
  const said = await server.command('INFO', 'commandstats');

  return [...said.matchAll(/^cmdstat_([^:]+):/gm)].map(([, command = '']) => command);
}

function rightsOf(user: string): string[] {
  return found(new RegExp(`^ACL SETUSER ${user} (.*)$`, 'm'))
    .replace('>…', '>secret')
    .split(' ');
}

function found(pattern: RegExp): string {
  const [, words] = pattern.exec(readme) ?? [];
  if (words === undefined) throw new Error('the README names no rights any more');

  return words;
}
