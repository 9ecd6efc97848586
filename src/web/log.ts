import type { Clock } from '../domain/clock.ts';

/**
 * The log: one line of JSON each, on standard output unless told otherwise. It holds what happened, never whom it
 * happened to: no query, no body, no address, no secret, and nothing that a terminal or a log reader would act on (S112).
 */
export interface Log {
  debug(event: string, facts?: Facts): void;
  info(event: string, facts?: Facts): void;
  warn(event: string, facts?: Facts): void;
  /** `facts.error` is written with its stack and causes. */
  error(event: string, facts?: Facts): void;
}

export type Facts = Readonly<Record<string, unknown>>;

const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof levels)[number];

export interface LogSettings {
  level: LogLevel;
  clock: Clock;
  /** Takes whole lines. */
  write: (lines: string) => void;
}

export function createLog(settings: LogSettings): Log {
  const write = inBatches(settings.write);

  const at =
    (level: LogLevel) =>
    (event: string, facts: Facts = {}): void => {
      if (levels.indexOf(level) < levels.indexOf(settings.level)) return;

      const line = { time: new Date(settings.clock.now()).toISOString(), level, event, ...facts };

      write(inOneLine(line), level === 'error');
    };

  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Writes once a turn of the event loop: writing to a pipe blocks, and a busy server logs thousands of lines a second. */
function inBatches(write: (lines: string) => void): (line: string, now: boolean) => void {
  let waiting = '';

  const flush = (): void => {
    const lines = waiting;

    waiting = '';
    if (lines !== '') write(lines);
  };

  return (line, now) => {
    if (waiting === '' && !now) setImmediate(flush);
    waiting += line;
    if (now) flush();
  };
}

function inOneLine(line: Facts): string {
  const text = JSON.stringify(line, (_key, value: unknown) => (value instanceof Error ? describe(value) : value));

  return `${escapeInvisible(text)}\n`;
}

/** JSON leaves DEL, C1, line separators and the characters that turn the direction of text as they are. */
function escapeInvisible(text: string): string {
  return text.replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function describe(error: Error): Facts {
  return {
    name: error.name,
    message: redact(error.message),
    stack: redact(error.stack?.split('\n    at ').slice(1).join('\n') ?? ''),
    ...(error.cause instanceof Error && { cause: describe(error.cause) }),
  };
}

/** Characters of a text of somebody else: the log is no place to fill. */
const longestText = 8000;

/**
 * Messages of libraries quote what they choke on: addresses, and what is as long and as mixed as a secret. In one pass
 * each, whatever it is that they quote.
 */
export function redact(text: string): string {
  return text
    .slice(0, longestText)
    .replace(/[^\s"'<>()]+/g, (word) => (isAddress(word) ? '[address]' : word))
    .replace(/[\w-]{20,}/g, (word) => (/\d/.test(word) && /[A-Za-z]/.test(word) ? '[redacted]' : word));
}

/** Something, an @, something, a dot, something. */
function isAddress(word: string): boolean {
  const at = word.indexOf('@', 1);

  return at > 0 && word.lastIndexOf('.', word.length - 2) > at + 1;
}

/**
 * What may be said of a path that no route of ours names: words stay, everything else might be an id or a secret.
 * `/oauth/auth/Xy12…` becomes `/oauth/auth/:`.
 */
export function redactPath(target: string): string {
  const path = target.replace(/[?#].*$/s, '');

  return path
    .split('/')
    .slice(0, 6)
    .map((segment) => (/^\.?[a-z]{0,14}([-_.][a-z]{1,14}){0,3}$/.test(segment) ? segment : ':'))
    .join('/');
}
