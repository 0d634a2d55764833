/**
 * How many purchases one user may try per window, counted in Redis by one script, so that it holds over all instances.
 * It stands before every stock strategy: one buyer with a script of their own must not take the turns of a thousand
 * others. While Redis is away nobody passes; a limit that opens then hands the whole crowd to the database.
 */
import type { Redis } from 'ioredis';

// The times of a user's last requests that passed, newest first, as many as the limit. Refused ones are not counted:
// whoever waits as told gets through. Redis's own clock, in µs, so that clocks of instances do not matter.
const TAKE_TURN = `
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local oldest = redis.call('LINDEX', KEYS[1], limit - 1)
if oldest and oldest + window > now then return oldest + window - now end
redis.call('LPUSH', KEYS[1], now)
redis.call('LTRIM', KEYS[1], 0, limit - 1)
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
return 0`;

interface Scripted extends Redis {
  cqTakeTurn(key: string, limit: number, windowUs: number): Promise<number>;
}

export interface UserLimit {
  /**
   * Takes one of the user's turns.
   *
   * @returns 0 where there was one, otherwise the time until there is one, ms
   * @throws where Redis does not answer
   */
  takeTurn(user: number): Promise<number>;
}

/**
 * @param perSec requests of one user per second: 3 lets three pass in any one second, 0.5 one in any two seconds
 */
export function createUserLimit(redis: Redis, perSec: number): UserLimit {
  redis.defineCommand('cqTakeTurn', { numberOfKeys: 1, lua: TAKE_TURN });
  const limit = Math.ceil(perSec);
  const windowUs = Math.round((limit / perSec) * 1_000_000);
  return {
    takeTurn: async (user) => (await (redis as Scripted).cqTakeTurn(`limit:${user}`, limit, windowUs)) / 1000,
  };
}
