import { pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/**
 * Hashes that other systems made, of accounts that were imported: they are checked as they are until the person signs in,
 * and then made anew as ours. Each form is the one that the systems themselves write. What a hash may cost is bounded, to
 * about half a second of one core: a file must not be able to stop the server.
 *
 * - bcrypt: `$2b$12$…` (also `$2a$`, `$2y$`)
 * - PBKDF2: `$pbkdf2-sha256$i=600000$salt$hash` (PHC), `$pbkdf2-sha256$600000$salt$hash` (passlib),
 *   `pbkdf2_sha256$600000$salt$hash` (Django)
 * - scrypt: `$scrypt$ln=17,r=8,p=1$salt$hash` (PHC)
 */
export type ForeignHash =
  | { kind: 'bcrypt'; text: string }
  | { kind: 'pbkdf2'; digest: string; iterations: number; salt: Buffer; hash: Buffer }
  | { kind: 'scrypt'; cost: number; blockSize: number; parallelism: number; salt: Buffer; hash: Buffer };

/** Rounds of PBKDF2 are counted for each block that it derives: an output longer than the digest costs them again. */
const most = {
  bcryptCost: 13,
  rounds: { sha1: 1_500_000, sha256: 1_500_000, sha512: 600_000 },
  memory: 256 * 1024 * 1024,
  /** N · r · p: 128 MiB gone through once. */
  scryptWork: 2 ** 20,
};
const digestLength = { sha1: 20, sha256: 32, sha512: 64 };
/** bcrypt looks at no more of a password. */
const bcryptBytes = 72;
const least = { salt: 4, hash: 16 };

/** Undefined: it is none that we can check, or checking it would cost too much. */
export function readForeignHash(text: string): ForeignHash | undefined {
  return readBcrypt(text) ?? readPbkdf2(text) ?? readScrypt(text);
}

/**
 * Whether a password that fits says all of it: behind what bcrypt looks at, anything might have been typed, and must not
 * become the password.
 */
export function isWhole(stored: string, password: string): boolean {
  return readBcrypt(stored) === undefined || Buffer.byteLength(password) <= bcryptBytes;
}

/** Whether the password is the one; as a queue of hashing calls it, one after another. */
export async function fitsForeignHash(foreign: ForeignHash, password: string): Promise<boolean> {
  switch (foreign.kind) {
    case 'bcrypt': {
      // Whatever stands behind a NUL would count for nothing (S67).
      if (password.includes('\0')) return false;
      const { verify } = await import('@node-rs/bcrypt');

      return verify(password, foreign.text);
    }
    case 'pbkdf2': {
      const { digest, iterations, salt, hash } = foreign;

      return timingSafeEqual(await derive(password, salt, iterations, hash.length, digest), hash);
    }
    case 'scrypt': {
      const { cost, blockSize, parallelism, salt, hash } = foreign;
      const options = { N: cost, r: blockSize, p: parallelism, maxmem: most.memory * 2 };

      return timingSafeEqual(await stretch(password, salt, hash.length, options), hash);
    }
  }
}

const derive = promisify(pbkdf2);
const stretch = promisify<string, Buffer, number, object, Buffer>(scrypt);

function readBcrypt(text: string): ForeignHash | undefined {
  const cost = Number(/^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text)?.[1]);

  return cost >= 4 && cost <= most.bcryptCost ? { kind: 'bcrypt', text } : undefined;
}

function readPbkdf2(text: string): ForeignHash | undefined {
  const modular = /^\$pbkdf2-(sha1|sha256|sha512)\$(?:i=)?(\d{1,8})(?:,l=\d{1,3})?\$([^$]+)\$([^$]+)$/.exec(text);
  const django = /^pbkdf2_(sha1|sha256|sha512)\$(\d{1,8})\$([^$]+)\$([^$]+)$/.exec(text);
  const [, digest = '', iterations, salt, hash] = modular ?? django ?? [];
  const bytes = bytesOf(hash);
  // Django's salt is a text, and counts as that.
  const salted = django && salt !== undefined ? Buffer.from(salt) : bytesOf(salt);
  const count = Number(iterations);
  const name = digest as keyof typeof digestLength;
  const rounds = count * Math.ceil((bytes?.length ?? 0) / digestLength[name]);

  return isUsable(salted, bytes) && count >= 1 && rounds <= most.rounds[name]
    ? { kind: 'pbkdf2', digest, iterations: count, salt: salted as Buffer, hash: bytes as Buffer }
    : undefined;
}

function readScrypt(text: string): ForeignHash | undefined {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,2})\$([^$]+)\$([^$]+)$/.exec(text);
  if (!match) return undefined;

  const [, log, blockSize, parallelism] = match.map(Number) as [number, number, number, number];
  const [salt, hash] = [bytesOf(match[4]), bytesOf(match[5])];
  const cost = 2 ** log;
  const isSound = log >= 1 && blockSize >= 1 && parallelism >= 1 && parallelism <= 16;

  const isCheap = 128 * cost * blockSize <= most.memory && cost * blockSize * parallelism <= most.scryptWork;

  return isSound && isCheap && isUsable(salt, hash)
    ? { kind: 'scrypt', cost, blockSize, parallelism, salt: salt as Buffer, hash: hash as Buffer }
    : undefined;
}

function isUsable(salt: Buffer | undefined, hash: Buffer | undefined): boolean {
  return (
    salt !== undefined &&
    hash !== undefined &&
    salt.length >= least.salt &&
    hash.length >= least.hash &&
    hash.length <= 128
  );
}

/** base64 with or without padding, in the alphabet of RFC 4648 or passlib's (`.` for `+`). */
function bytesOf(text: string | undefined): Buffer | undefined {
  if (text === undefined || !/^[A-Za-z0-9+/.]{1,400}={0,2}$/.test(text)) return undefined;

  return Buffer.from(text.replaceAll('.', '+'), 'base64');
}
