/** A library that is not installed is refused with what to type, and what is installed tells its version. */
import { expect, test } from 'vitest';
import type { Library } from '../../harness/contract/library.ts';
import { assertInstalled, isInstalled, versionsOf } from './_packages.ts';
import bentocache from './bentocache.ts';
import cacheManager from './cache-manager.ts';

const missing: Library = { ...cacheManager, packages: ['cachequake-is-not-there', 'keyv'] };

test('refuses a missing package with its name, the npm command and what runs without it', () => {
  expect(isInstalled(missing)).toBe(false);
  expect(() => assertInstalled(missing, ['bentocache', 'cacheable'])).toThrowError(
    expect.objectContaining({
      code: 'ENVIRONMENT_UNAVAILABLE',
      exitCode: 3,
      message: 'cache-manager needs cachequake-is-not-there, not installed here',
      hint: "npm install --save-dev 'cachequake-is-not-there'; without it: cachequake compare libraries --library bentocache,cacheable",
    }),
  );
});

test('names the range of an optional peer in the npm command', () => {
  const bothMissing: Library = { ...bentocache, packages: ['bentocache'] };
  expect(() => assertInstalled(bothMissing)).not.toThrow();
  expect(isInstalled(bentocache)).toBe(true);
});

test('tells the version of each package and of the client that it finds', () => {
  expect(versionsOf(cacheManager)).toEqual({
    'cache-manager': expect.stringMatching(/^7\./),
    keyv: expect.stringMatching(/^5\./),
    '@keyv/redis': expect.stringMatching(/^5\./),
    cacheable: expect.stringMatching(/^2\./),
    '@redis/client': expect.stringMatching(/^5\./),
  });
  expect(Object.keys(versionsOf(bentocache))).toEqual(['bentocache', 'ioredis']);
});
