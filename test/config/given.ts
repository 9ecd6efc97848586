import { type Loaded, loadConfig } from '../../src/config/load.ts';
import type { Problem } from '../../src/config/problems.ts';
import type { Config } from '../../src/config/schema.ts';

export const key = 'q1vEn0d6hD3FJ4yVQ2kGmYw7XZ5sTuPbLrA8oCiKe9M';
export const otherKey = 'Zt8rB2nXw5LmK0aYc7QdVj4HfGe1PuSo9iTk3RxN6Ag';

type Words = { file?: string; env?: Record<string, string>; others?: Record<string, string> };

/** Loads from texts: `file` is the configuration file 'gatehouse.yaml', `others` any file that it names. */
export function load({ file, env = {}, others = {} }: Words = {}): Loaded {
  const texts: Record<string, string> = { ...others, ...(file === undefined ? {} : { 'gatehouse.yaml': file }) };

  const read = (path: string): string => {
    const text = texts[path];
    if (text === undefined) throw Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' });
    return text;
  };

  return loadConfig({ ...(file === undefined ? {} : { path: 'gatehouse.yaml' }), env, files: { read } });
}

/** The configuration; throws with the problems where there are any. */
export function loaded(words: Words = {}): Config {
  const { config, problems } = load(words);
  if (config === undefined) throw new Error(JSON.stringify(problems, undefined, 2));

  return config;
}

export function problemsOf(words: Words): Problem[] {
  return load(words).problems ?? [];
}

export function pathsOf(words: Words): string[] {
  return problemsOf(words).map(({ path }) => path);
}

/** Variables of a production that may start. */
export const production = {
  GATEHOUSE_ISSUER: 'https://id.example.com',
  GATEHOUSE_SECRETS_ENCRYPTION_KEY: key,
};
