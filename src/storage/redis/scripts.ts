import { createHash } from 'node:crypto';

/**
 * What takes more than one command. Each touches one key, so that it runs on a Cluster, and none reads Redis' clock:
 * whether an entry is over is decided by the time that it is given. An entry is a text: its end, a space, and
 * `[value, keys]` as JSON.
 */
export interface Script {
  text: string;
  sha: string;
}

/** ARGV: now, end, milliseconds for Redis. Answers 1 when it made the claim. */
export const claim = script(`
local found = redis.call('GET', KEYS[1])
if found and tonumber(string.match(found, '^%S+')) > tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2] .. ' [true]', 'PX', ARGV[3])
return 1
`);

/** ARGV: now, end, milliseconds for Redis. Answers the new number; a later call changes neither end nor life. */
export const increment = script(`
local found = redis.call('GET', KEYS[1])
if found then
  local ends, number = string.match(found, '^(%S+) %[(%d+)%]$')
  if tonumber(ends) > tonumber(ARGV[1]) then
    number = tonumber(number) + 1
    redis.call('SET', KEYS[1], string.format('%s [%d]', ends, number), 'KEEPTTL')
    return number
  end
end
redis.call('SET', KEYS[1], ARGV[2] .. ' [1]', 'PX', ARGV[3])
return 1
`);

/** ARGV: id, milliseconds for Redis. A name never lives shorter than an entry that it was given to. */
export const name = script(`
local left = redis.call('PTTL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', string.format('%d', math.max(left, tonumber(ARGV[2]))))
return 1
`);

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
