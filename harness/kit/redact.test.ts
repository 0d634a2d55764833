import { expect, test } from 'vitest';
import { redact } from './redact.ts';

test.each([
  ['redis://:s3cret@127.0.0.1:6379/0', 'redis://:***@127.0.0.1:6379/0'],
  ['postgresql://app:p@ss:w/rd@db.local:5432/shop', 'postgresql://app:***@db.local:5432/shop'],
  ['run --redis-url rediss://user:pw@h:1 --seed 4', 'run --redis-url rediss://user:***@h:1 --seed 4'],
  ['redis://a:b@one:1,redis://c:d@two:2', 'redis://a:***@one:1,redis://c:***@two:2'],
  ['postgres://h/db?sslmode=off&password=abc&x=1', 'postgres://h/db?sslmode=off&password=***&x=1'],
  ['PGPASSWORD=hunter2 psql', 'PGPASSWORD=*** psql'],
  ['{"password":"hunter2","user":"app"}', '{"password":"***","user":"app"}'],
  ['--db-password hunter2 --seed 1', '--db-password *** --seed 1'],
])('%s', (text, expected) => {
  expect(redact(text)).toBe(expected);
});

test('what holds no secret stays as it is', () => {
  for (const text of [
    'http://127.0.0.1:8080/items/4',
    'redis://127.0.0.1:6379',
    'select * from users where note = $1',
    'a:b@c without a scheme',
    'https://example.org/~a@b',
    'http://127.0.0.1:8080/users/a@b',
  ])
    expect(redact(text)).toBe(text);
});

test('redacting twice changes nothing', () => {
  const once = redact('redis://u:p@h PGPASSWORD=x');
  expect(redact(once)).toBe(once);
});
