import type { Problem } from '../config/problems.ts';
import type { OpenedSecrets, Secrets } from '../config/secrets.ts';

/** A configuration that can't be used: every problem, one sentence each; exit code 78. */
export class ConfigurationRefused extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('the configuration can not be used');
    this.problems = problems;
  }
}

export function secretsOf(opened: OpenedSecrets): Secrets {
  if (opened.problems) throw new ConfigurationRefused(opened.problems);

  return opened.secrets;
}
