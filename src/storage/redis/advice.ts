import type { Redis } from 'ioredis';

import type { Advice } from '../advice.ts';
import type { Connection } from './connection.ts';

/** Whether Redis keeps what it was given: it must not drop keys for want of memory, nor forget them when it restarts. */
export async function adviseOn(redis: Connection): Promise<Advice[]> {
  return (await Promise.all(redis.masters().map(adviseOnServer))).flat();
}

async function adviseOnServer({ server, at }: { server: Redis; at: string }): Promise<Advice[]> {
  const place = `Redis at ${at}`;
  const policy = await settingOf(server, { section: 'memory', field: 'maxmemory_policy', name: 'maxmemory-policy' });
  const appends = await settingOf(server, { section: 'persistence', field: 'aof_enabled', name: 'appendonly' });
  const advice: Advice[] = await unwilling(server, place);

  if (policy === undefined || appends === undefined) {
    const message = `${place} does not say how it is set up (INFO and CONFIG GET are refused).`;
    const mend = 'See for yourself that maxmemory-policy is noeviction and appendonly is yes.';

    return [{ state: 'warning', message, mend }];
  }

  if (policy !== 'noeviction') {
    const message = `${place} drops what it was given when its memory is full (maxmemory-policy ${policy}): codes, tokens, counters of limits.`;

    advice.push({ state: 'wrong', message, mend: 'Set maxmemory-policy to noeviction.' });
  }

  if (!/^(1|yes)$/.test(appends)) {
    const message = `${place} forgets when it restarts (appendonly no): whoever was signing in begins again, apps fetch new access tokens.`;

    advice.push({ state: 'warning', message, mend: 'Set appendonly to yes.' });
  }

  return advice.length > 0
    ? advice
    : [{ state: 'good', message: `${place} answers, never drops what is alive and keeps it over a restart.` }];
}

/** Why it takes no writes now, as far as INFO tells. */
async function unwilling(server: Redis, place: string): Promise<Advice[]> {
  const advice: Advice[] = [];
  const said = await server.info().catch(() => '');
  const of = (field: string) => fieldIn(said, field);

  if (of('role') === 'slave') {
    const message = `${place} is a replica and takes nothing: codes, tokens and counters of limits can't be kept.`;

    advice.push({ state: 'wrong', message, mend: 'Name the master, or the Sentinels that know it.' });
  }

  const [used, most] = [Number(of('used_memory')), Number(of('maxmemory'))];
  if (most > 0 && used >= most) {
    const message = `${place} is full (${used} of ${most} bytes) and takes nothing more.`;

    advice.push({ state: 'wrong', message, mend: 'Raise maxmemory.' });
  }

  return advice;
}

/** From INFO or CONFIG GET, whichever this user may ask; undefined when neither. */
async function settingOf(
  server: Redis,
  { section, field, name }: { section: string; field: string; name: string },
): Promise<string | undefined> {
  const said = await server.info(section).catch(() => '');
  const found = fieldIn(said, field);
  if (found !== undefined) return found;

  const answer = await server.config('GET', name).catch(() => []);

  return Array.isArray(answer) && typeof answer[1] === 'string' ? answer[1] : undefined;
}

function fieldIn(said: string, field: string): string | undefined {
  return new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(said)?.[1];
}
