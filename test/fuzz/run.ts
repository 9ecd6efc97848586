import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { openCallers, type Callers } from '../api/callers.ts';
import { pairNamed } from '../support/storage.ts';

/**
 * `npm run fuzz [-- --examples 200 --on mongo+redis --seed 7]`: schemathesis (`pip install schemathesis`, or its path in
 * SCHEMATHESIS) makes requests of the OpenAPI document, right ones and wrong ones, and sends them to a throwaway server
 * with an administrator's key. It fails on any answer that the document does not have, and on any 5xx.
 */
const { values: given } = parseArgs({
  options: {
    examples: { type: 'string', default: '100' },
    on: { type: 'string', default: 'sqlite' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});

const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'missing_required_header',
  'unsupported_method',
  'allow_header_conformance',
  'ignored_auth',
];

const whole = ['--phases', 'examples,coverage,fuzzing'];
const parts = [
  [...whole, '--exclude-method', 'DELETE'],
  [...whole, ...['GET', 'POST', 'PUT', 'PATCH'].flatMap((method) => ['--exclude-method', method])],
  ['--phases', 'stateful'],
];

await using room = await openCallers(pairNamed(given.on));
const folder = await mkdtemp(join(tmpdir(), 'gatehouse-fuzz-'));

/** It knows of no 428 (RFC 6585 section 3), and takes what is too large for what was taken. */
const expected = (...statuses: number[]) => `expected-statuses = ${JSON.stringify(statuses.map(String))}\n`;
await writeFile(
  join(folder, 'schemathesis.toml'),
  `[checks.missing_required_header]\n${expected(400, 401, 403, 415, 422, 428)}` +
    `[checks.negative_data_rejection]\n${expected(400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 429, 431)}`,
);

try {
  for (const api of Object.values(room.apis)) {
    if (given.only !== '' && given.only !== api.realm) continue;

    // It asks with ids that it was told: what it deletes may be the key that it asks with. So each part has a key of its own.
    for (const part of parts) {
      const status = await fuzz(api, part);
      if (status !== 0) process.exitCode = status;
    }
  }
} finally {
  await rm(folder, { recursive: true });
}

async function fuzz(api: Callers['apis']['admin'], part: readonly string[]): Promise<number> {
  const { account } = await room.somebody('admin');
  const key = await room.keyFor(account, api);
  const args = [
    'run',
    `${room.app.url}/api/openapi.json`,
    '--header',
    `Authorization: Bearer ${key}`,
    '--include-path-regex',
    `^${api.path}/`,
    ...part,
    '--checks',
    checks.join(','),
    '--max-examples',
    given.examples,
    '--seed',
    given.seed,
    '--generation-database',
    'none',
    '--no-color',
  ];

  return new Promise((resolve, reject) => {
    spawn(process.env['SCHEMATHESIS'] ?? 'schemathesis', args, { cwd: folder, stdio: 'inherit' })
      .once('error', () =>
        reject(new Error('schemathesis can’t be run: `pip install schemathesis`, or say where it is')),
      )
      .once('exit', (code) => resolve(code ?? 1));
  });
}
