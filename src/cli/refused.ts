import { rmSync } from 'node:fs';

import type { Problem } from '../config/problems.ts';
import type { Config } from '../config/schema.ts';
import { openSecrets, type Secrets } from '../config/secrets.ts';
import { BackupRefused, KeyMissing, MoveRefused } from '../storage/refusals.ts';

/** A configuration that can't be used: every problem, one sentence each; exit code 78. */
export class ConfigurationRefused extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ message }) => message).join(' '));
    this.problems = problems;
  }
}

/**
 * Opens something with the secrets in force. A key that was made just now for data that another key sealed (or will have)
 * is taken away again: it would only stand in the way of the right one. Throws ConfigurationRefused.
 */
export async function withSecrets<T>(
  config: Config,
  open: (secrets: Secrets, keyFile: string | undefined) => Promise<T>,
): Promise<T> {
  const { secrets, keyFile, problems } = openSecrets(config);

  if (problems) throw new ConfigurationRefused(problems);

  try {
    return await open(secrets, keyFile?.path);
  } catch (error) {
    const isRefused = [BackupRefused, KeyMissing, MoveRefused].some((refusal) => error instanceof refusal);
    if (isRefused && keyFile?.created === true) rmSync(keyFile.path);

    throw error;
  }
}
