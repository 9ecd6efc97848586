/** What is wrong with the configuration: where, why, and how to mend it. Never holds a secret value. */
export type Problem = {
  /** The setting, written 'session.idle', or the name of the file or variable that is at fault. */
  path: string;
  message: string;
  mend: string;
};

/** The setting's name as people write it: 'resources[0].name'. */
export function named(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

/** A value as it is shown in a problem: on one line, without control characters, cut when long. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a group of settings';

  // An address may carry a name and a password.
  const text = typeof value === 'string' ? JSON.stringify(value).replace(/\/\/[^/@]*@/, '//…@') : String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** The problems as they are printed: one line each. */
export function printProblems(problems: readonly Problem[]): string {
  return problems.map(({ message, mend }) => `- ${message} ${mend}\n`).join('');
}
