import { expect, test } from 'vitest';
import { unixUpstream } from './unix-socket.ts';

test('a socket is dialled by its path, where that fits into an address and needs no quotes', () => {
  expect(unixUpstream('/tmp/run/redis.sock')).toBe('unix:/tmp/run/redis.sock');
  expect(unixUpstream(`/${'a'.repeat(102)}`)).not.toBeNull();
  expect(unixUpstream(`/${'a'.repeat(103)}`)).toBeNull();
  for (const path of ['/tmp/my files/redis.sock', '/tmp/a,b/redis.sock', '/tmp/ä/redis.sock'])
    expect(unixUpstream(path)).toBeNull();
});
