import { afterEach, expect, test } from 'vitest';
import type { ServerNeed } from '../contract/store-kind.ts';
import { testOptions } from './fixtures/tiny-target.ts';
import { refuseMissingServers } from './missing-servers.ts';

const MEMCACHED: readonly ServerNeed[] = [{ name: 'memcached', kind: 'memcached' }];
const path = process.env.PATH;
afterEach(() => {
  process.env.PATH = path;
});

test('a store whose server is not on this machine is refused with what would do', async () => {
  process.env.PATH = '/nonexistent';
  await expect(refuseMissingServers('local', { servers: MEMCACHED, edge: false }, testOptions())).rejects.toMatchObject(
    {
      code: 'MEMCACHED_MISSING',
      hint: expect.stringContaining('--store redis'),
    },
  );
});

test('what no plan needs is not looked for', async () => {
  process.env.PATH = '/nonexistent';
  const redis: readonly ServerNeed[] = [{ name: 'shard-1', kind: 'redis' }];
  await refuseMissingServers('local', { servers: redis, edge: false }, testOptions());
  await refuseMissingServers('docker', { servers: redis, edge: false }, testOptions());
});
