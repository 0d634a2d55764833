import { expect, test } from 'vitest';
import { unixUpstream } from './unix-socket.ts';

test('a socket is dialled by its path, where that fits into an address', () => {
  expect(unixUpstream('/tmp/run/redis.sock')).toBe('unix:/tmp/run/redis.sock');
  expect(unixUpstream(`/${'a'.repeat(102)}`)).not.toBeNull();
  expect(unixUpstream(`/${'a'.repeat(103)}`)).toBeNull();
  // Bytes, not characters.
  expect(unixUpstream(`/${'ä'.repeat(60)}`)).toBeNull();
});
