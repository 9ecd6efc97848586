import { createHash, type Hash } from 'node:crypto';

import { encryptionKeySetting } from '../domain/encryption-key.ts';
import type { CollectionName, Setting } from '../storage/records.ts';
import { BackupRefused } from '../storage/refusals.ts';
import { sealedUnder, sameText } from '../storage/sealing.ts';
import { keyAway, parsed, readHeader, type BackupHeader, type BackupSecrets, type Mark } from './backup-file.ts';
import { copied, shapeOf, type AnyRow } from './move-rows.ts';

/** Reads a backup from its first line to its last, and believes none of it that it can't prove. */
export interface Reading {
  secrets: BackupSecrets;
  /** Rows of one collection, in the order of the file; not yet proved when they are handed out. */
  rows?: (name: CollectionName, rows: AnyRow[]) => void | Promise<void>;
  /** Rows read so far. */
  told?: (rows: number, name: CollectionName) => void;
}

export interface BackupRead {
  header: BackupHeader;
  rows: number;
  collections: Record<string, number>;
  sha256: string;
}

/** Bytes: a row is smaller than what MongoDB keeps in one document. */
const longestLine = 32 * 1024 * 1024;

/** Throws BackupRefused, which says what is wrong. `bytes` are no longer compressed. */
export async function readBackup(bytes: AsyncIterable<Uint8Array>, reading: Reading): Promise<BackupRead> {
  const reader = createReader(reading);

  for await (const lines of linesIn(bytes)) await reader.read(lines);

  return reader.end();
}

export function damaged(what: string): BackupRefused {
  return new BackupRefused(
    `The backup was damaged or changed after it was made: ${what}. Nothing of it can be trusted.`,
  );
}

export function cutOff(): BackupRefused {
  return new BackupRefused('The backup ends too early: it was cut off, or never finished.');
}

/** With their line feeds, as many at once as there are in what was read. */
async function* linesIn(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer[], void> {
  let begun: Buffer[] = [];
  let length = 0;

  for await (const some of bytes) {
    const chunk = Buffer.from(some.buffer, some.byteOffset, some.byteLength);
    const lines: Buffer[] = [];
    let from = 0;

    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      const end = chunk.subarray(from, at + 1);
      lines.push(begun.length > 0 ? Buffer.concat([...begun, end]) : end);
      begun = [];
      length = 0;
      from = at + 1;
    }

    if (from < chunk.length) {
      begun.push(chunk.subarray(from));
      length += chunk.length - from;
    }
    if (length > longestLine) throw damaged('a line has no end');

    yield lines;
  }

  if (begun.length > 0) throw cutOff();
}

interface Section {
  name: CollectionName;
  hash: Hash;
  rows: number;
}

function createReader({ secrets, rows: handed = () => undefined, told = () => undefined }: Reading) {
  const holds = new Set(secrets.encryptionKeys.map(({ id }) => id));
  const whole = createHash('sha256');
  const collections: Record<string, number> = {};
  let first: { header: BackupHeader; mark: Mark } | undefined;
  let section: Section | undefined;
  let sha256: string | undefined;
  let rows = 0;
  let number = 0;

  async function read(lines: readonly Buffer[]): Promise<void> {
    let together: AnyRow[] = [];

    for (const line of lines) {
      number += 1;
      if (sha256 !== undefined) throw damaged('something comes behind its end');

      if (line[0] === braceOpen && section) {
        together.push(row(section, line));
        continue;
      }

      if (section) await handOut(section, together);
      together = [];
      if (first === undefined) begin(line);
      else marker(first, line);
    }

    if (section) await handOut(section, together);
  }

  async function handOut({ name }: Section, some: AnyRow[]): Promise<void> {
    if (some.length === 0) return;

    rows += some.length;
    await handed(name, some);
    told(rows, name);
  }

  function begin(line: Buffer): void {
    first = readHeader(line.toString(), secrets);
    whole.update(line);
  }

  function row(to: Section, line: Buffer): AnyRow {
    const value = parsed(line.toString()) as AnyRow | undefined;
    if (typeof value?.id !== 'string') throw damaged(`line ${number} is no row of ${to.name}`);

    whole.update(line);
    to.hash.update(line);
    to.rows += 1;
    checkSeals(to.name, value);

    return value;
  }

  function checkSeals(name: CollectionName, value: AnyRow): void {
    const key = sealsOf(name, value)
      .map((sealed) => (sealed === undefined ? undefined : sealedUnder(sealed)))
      .concat(name === 'settings' && value.id === encryptionKeySetting ? namesIn(value) : [])
      .find((id) => id !== undefined && !holds.has(id));

    if (key !== undefined) throw keyAway(key);
  }

  /** A row that is not what it should be has not been proved yet: that is told at its section's end. */
  function sealsOf(name: CollectionName, value: AnyRow): readonly (string | undefined)[] {
    try {
      return shapeOf(name).sealed?.(value) ?? [];
    } catch {
      throw damaged(`line ${number} is no row of ${name}`);
    }
  }

  /** A line that is a list: the beginning or the end of a section, or the end of all. */
  function marker({ mark }: { mark: Mark }, line: Buffer): void {
    const value = parsed(line.toString());
    const [name, count, digest, seal] = Array.isArray(value) ? (value as unknown[]) : [];

    if (!section && name === 'end') return end({ count, digest, seal }, mark);

    whole.update(line);

    if (section && name === section.name && value !== undefined && (value as unknown[]).length === 3) {
      if (count !== section.rows)
        throw damaged(`of ${section.name} there are ${section.rows} rows, not ${String(count)}`);
      if (digest !== section.hash.digest('hex'))
        throw damaged(`the rows of ${section.name} are not those that were written`);

      collections[section.name] = section.rows;
      section = undefined;
      return;
    }

    if (section || typeof name !== 'string') throw damaged(`line ${number} can't be read`);
    if (!isCollection(name)) {
      throw new BackupRefused(
        `The backup holds ${name}, which this release does not know: restore it with a later one.`,
        78,
      );
    }

    section = { name, hash: createHash('sha256'), rows: 0 };
  }

  function end(told: { count: unknown; digest: unknown; seal: unknown }, mark: Mark): void {
    const digest = whole.digest('hex');
    if (told.digest !== digest) throw damaged('its digest is another one');
    if (told.count !== rows) throw damaged(`there are ${rows} rows, not ${String(told.count)}`);

    // A digest anybody can take again.
    if (!sameText(String(told.seal), mark('end', digest))) throw damaged('its end was not written with the key');

    sha256 = digest;
  }

  return {
    read,
    end(): BackupRead {
      if (!first || sha256 === undefined) throw cutOff();

      return { header: first.header, rows, collections, sha256 };
    },
  };
}

/** The keys that the store was sealed under, without which it does not open. */
function namesIn(row: AnyRow): string[] {
  return [(row as Setting).value].flat().map(String);
}

const braceOpen = 123;

function isCollection(name: string): name is CollectionName {
  return (copied as readonly string[]).includes(name);
}
