import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { parse } from 'yaml';

import { found } from '../support/machine.ts';
import { root } from './dockerfile.ts';

/** docker-compose.yml as Compose understands it. Inside `describeWith('compose', …)`. */
export interface Composed {
  services: Record<string, Service>;
  networks: Record<
    string,
    { internal?: boolean; ipam?: { config: { subnet: string; gateway: string; ip_range: string }[] } }
  >;
  secrets: Record<string, { file: string }>;
}

export interface Service {
  image: string;
  environment?: Record<string, string>;
  command?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  ports?: (string | { published: string | number; target: number; host_ip?: string })[];
  networks: Record<string, { ipv4_address?: string } | null>;
  secrets?: { source: string }[];
  security_opt?: string[];
  read_only?: boolean;
}

export const composeFile = `${root}docker-compose.yml`;

/** Throws what Compose complains about. */
export function readComposed(env: Record<string, string>): Composed {
  const output = execFileSync(found('compose'), ['--file', composeFile, 'config'], {
    env: { PATH: process.env['PATH'], ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

  return unescape(parse(output)) as Composed;
}

/** Compose doubles every dollar sign on the way out, as it wants them on the way in. */
function unescape(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll('$$', '$'));
}

export interface Secrets extends AsyncDisposable {
  folder: string;
}

/** Makes the secrets with the lines that README.md gives the operator. */
export async function makeSecrets(): Promise<Secrets> {
  const place = await mkdtemp(join(tmpdir(), 'gatehouse-compose-'));
  const [lines = ''] = /^mkdir -m 700 secrets[^]*?(?=^```)/m.exec(await readFile(`${root}README.md`, 'utf8')) ?? [];

  await promisify(execFile)('sh', ['-ec', lines], { cwd: place });

  return {
    folder: join(place, 'secrets'),
    [Symbol.asyncDispose]: () => rm(place, { recursive: true }),
  };
}
