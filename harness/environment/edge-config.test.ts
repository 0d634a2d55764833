import { expect, test } from 'vitest';
import { edgeConfig } from './edge-config.ts';

const parameters = { sMaxAgeSec: 2, staleWhileRevalidateSec: 10, maxAgeSec: 0, lock: true };
const config = (lock: boolean): string =>
  edgeConfig({
    listen: '127.0.0.1:8000',
    upstreams: ['127.0.0.1:1', '127.0.0.1:2'],
    edge: { id: 'nginx', parameters: { ...parameters, lock } },
  });

test('all instances are behind the edge, and it listens only where it is told', () => {
  expect(
    config(true)
      .match(/^ +server 127.*$/gm)
      ?.map((line) => line.trim()),
  ).toEqual(['server 127.0.0.1:1 max_fails=0;', 'server 127.0.0.1:2 max_fails=0;']);
  expect(config(true).match(/listen .*;/g)).toEqual(['listen 127.0.0.1:8000;']);
});

test('it validates what it has, fetches behind the answer, and locks as the plan says', () => {
  expect(config(true)).toContain('proxy_cache_revalidate on;');
  expect(config(true)).toContain('proxy_cache_background_update on;');
  expect(config(true)).toContain('proxy_cache_lock on;');
  expect(config(false)).toContain('proxy_cache_lock off;');
  // A limit of its own would hold beside the service's: how long a stale page may be shown is the service's word alone.
  expect(config(true)).not.toContain('proxy_cache_use_stale');
  expect(config(true)).not.toContain('proxy_cache_valid');
});

test('braces are balanced and every path is inside the prefix', () => {
  const text = config(true);
  expect(text.match(/\{$/gm)?.length).toBe(text.match(/^ *\}$/gm)?.length);
  for (const [, path] of text.matchAll(/(?:_path|pid) (\S+?)[ ;]/g)) expect(path).toMatch(/^[a-z_.]+$/);
});
