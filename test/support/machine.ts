import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { redisProgram } from './redis.ts';

const buildStandIn = 'npm run stand-in (needs a JDK and Maven; Debian: apt-get install default-jdk-headless maven)';

const browsers = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

/** What a suite may need from the machine: where it was found (undefined: it is not there) and how to get it. */
export const needs = {
  chromium: {
    // The one without windows is the faster.
    find: () => [process.env['CHROMIUM'] ?? browsers].flat().map(executable).find(Boolean),
    get: 'install Chromium (Debian: apt-get install chromium-headless-shell, or chromium) or name one in CHROMIUM',
  },
  /** The address of a MongoDB, or where its stand-in is built. */
  mongo: {
    find: () => process.env['GATEHOUSE_TEST_MONGO_URL'] || standIn(),
    get: `${buildStandIn} or name a MongoDB in GATEHOUSE_TEST_MONGO_URL`,
  },
  /** A MongoDB that may be frozen and killed. */
  'stand-in': {
    find: standIn,
    get: buildStandIn,
  },
  redis: {
    find: () => executable(redisProgram()),
    get: 'install Redis (Debian: apt-get install redis-server) or name its server in REDIS_SERVER',
  },
  nginx: {
    find: () => executable(process.env['NGINX'] ?? '/usr/sbin/nginx'),
    get: 'install nginx (Debian: apt-get install nginx) or name one in NGINX',
  },
  caddy: {
    find: () => executable(process.env['CADDY'] ?? '/usr/bin/caddy'),
    get: 'install Caddy (Debian: apt-get install caddy) or name one in CADDY',
  },
  compose: {
    find: () => executable(process.env['DOCKER_COMPOSE'] ?? '/usr/bin/docker-compose'),
    get: 'install Compose (Debian: apt-get install docker-compose) or name one in DOCKER_COMPOSE',
  },
  registry: {
    find: () => answers('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=5000']),
    get: 'npm does not reach its registry',
  },
};

export type Need = keyof typeof needs;

/** Where the thing is (for chromium: the path of the program). In a suite only inside `describeWith`. */
export function found(need: Need): string {
  const place = needs[need].find();
  if (place === undefined) throw new Error(`No ${need}: ${needs[need].get}`);
  return place;
}

function executable(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}

/** The folder of the server that stands in for MongoDB, where it is built. */
function standIn(): string | undefined {
  const folder = fileURLToPath(new URL('stand-in/built/', import.meta.url));

  return existsSync(`${folder}classes/StandIn.class`) ? folder : undefined;
}

/** The program's name when it runs and ends well. */
function answers(program: string, args: readonly string[]): string | undefined {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return program;
  } catch {
    return undefined;
  }
}
