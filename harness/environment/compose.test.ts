import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../kit/package-root.ts';
import { postgresArguments } from './postgres-settings.ts';

interface Compose {
  services: Record<string, { image: string; command: string[]; ports: string[]; environment?: Record<string, string> }>;
  configs: { proxies: { content: string } };
}

// The YAML parser that testcontainers reads compose files with.
const { parse } = createRequire(createRequire(import.meta.url).resolve('testcontainers'))('yaml') as {
  parse(text: string): Compose;
};
const compose = parse(readFileSync(join(packageRoot, 'docker-compose.yml'), 'utf8'));

test('every image has an official default and the variable that replaces it', () => {
  expect(Object.fromEntries(Object.entries(compose.services).map(([name, { image }]) => [name, image]))).toEqual({
    redis: expect.stringMatching(/^\$\{CACHEQUAKE_REDIS_IMAGE:-redis:\d/),
    postgres: expect.stringMatching(/^\$\{CACHEQUAKE_POSTGRES_IMAGE:-postgres:\d/),
    toxiproxy: expect.stringMatching(/^\$\{CACHEQUAKE_TOXIPROXY_IMAGE:-ghcr\.io\/shopify\/toxiproxy:\d/),
    shop: expect.stringMatching(/^\$\{CACHEQUAKE_NODE_IMAGE:-node:\d/),
  });
});

test('Postgres has the settings of the harness', () => {
  expect(compose.services.postgres?.command).toEqual(['postgres', ...postgresArguments()]);
});

test('everything is published on loopback only', () => {
  for (const { ports } of Object.values(compose.services))
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

test('the proxies are those that the harness looks for, and their ports are published', () => {
  const proxies = JSON.parse(compose.configs.proxies.content) as { name: string; listen: string; upstream: string }[];
  const ports = new Set<number>();
  for (const port of compose.services.toxiproxy?.ports ?? []) {
    const [, outside = '', inside] = port.split(':');
    const [first = 0, last = first] = outside.split('-').map(Number);
    if (outside === inside) for (let each = first; each <= last; each += 1) ports.add(each);
  }
  const expected = ['redis', 'postgres'].flatMap((name) => [0, 1, 2, 3].map((index) => `${name}-${index}`));
  expect(proxies.map(({ name }) => name)).toEqual(expected);
  for (const { name, listen, upstream } of proxies) {
    expect(ports).toContain(Number(listen.split(':')[1]));
    expect(upstream).toBe(name.startsWith('redis') ? 'redis:6379' : 'postgres:5432');
  }
  expect(new Set(proxies.map(({ listen }) => listen)).size).toBe(proxies.length);
});
