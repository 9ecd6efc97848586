import type { Json } from '../domain/json.ts';
import { heading, text, type Block, type Fact, facts } from './letter.ts';
import type { Words } from './words.ts';

/** What a message is made of: what is sent, how long it is of use, and how often a stranger can cause it. */
export interface Template<Data, Content> {
  /** Seconds from composing on; unset: for as long as it is tried. */
  lives?: (data: Data) => number;
  /** Of several to one place only the newest is sent: the codes in the others are dead. */
  newestOnly?: true;
  /**
   * To one address, however many ask for it. For what anybody can cause by typing an address: beyond, messages are
   * dropped without a word, and late, so that nobody can tell (S71, S76).
   */
  atMost?: { most: number; /** Seconds. */ within: number };
  write(data: Data, words: Words): Content;
}

export interface CodeData {
  code: string;
  /** Seconds that the code works, from now on. */
  lives: number;
}

/** A page of ours, and a secret that can be typed there where the link does not work (mail programs that rewrite it). */
export interface LinkAndCode {
  /** With the secret in it. The host is always the issuer's (S72). */
  path: `/${string}`;
  code?: string;
}

/** What a security mail tells of the request that caused it. */
export interface Circumstances {
  /** Milliseconds. */
  at: number;
  /** A `Visitor` is one; undefined where no browser was in it (the command line, an import). */
  from?: { ip: string; userAgent: string };
  /** Roughly where the address is, in words of the person's language; only where the operator has a map of addresses. */
  place?: string;
}

/** A security mail: what it tells, and where somebody goes who did not do it. */
export interface Notice extends Circumstances {
  wasntMe: LinkAndCode;
}

/** What goes into the queue: JSON, checked by the templates' own types alone. */
export type Data = Readonly<Record<string, Json>>;

export const hour = 3600;
export const day = 24 * hour;

/** A code by mail is asked for again a few times at most; somebody who fills mailboxes asks more often. */
export const codesAtMost = { most: 10, within: hour };

export function circumstances({ at, from, place }: Circumstances, words: Words, ...further: readonly Fact[]): Block {
  return facts(
    ...further,
    { name: words.say('message.fact.when'), value: words.time(at) },
    ...(from === undefined
      ? []
      : [
          { name: words.say('message.fact.device'), value: words.device(from.userAgent) },
          { name: words.say('message.fact.ip'), value: from.ip },
        ]),
    ...(place === undefined ? [] : [{ name: words.say('message.fact.place'), value: place }]),
  );
}

/** The button and, below it, the secret for those whose link is broken. */
export function linkAndCode({ path, code }: LinkAndCode, label: string, words: Words, main = false): Block[] {
  const url = words.link(path);
  const page = new URL(url);
  const button: Block = { kind: 'link', text: label, url, main };

  return code === undefined
    ? [button]
    : [button, text(words.say('message.linkCode', { page: page.origin + page.pathname })), { kind: 'code', code }];
}

/** What every security mail ends with. */
export function wasntMe({ wasntMe: to }: Notice, words: Words): Block[] {
  return [
    heading(words.say('message.wasntMe.heading')),
    text(words.say('message.wasntMe.text')),
    ...linkAndCode(to, words.say('message.wasntMe.link'), words),
  ];
}
