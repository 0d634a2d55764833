import { expect, test } from 'vitest';
import { formatAddress, listenAddress, listenError, parseAddress, parseUpstream } from './address.ts';

test.each([
  ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
  ['localhost:0', { host: 'localhost', port: 0 }],
  [':8474', { host: '', port: 8474 }],
  ['[::1]:80', { host: '::1', port: 80 }],
])('%s is read and written', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
  expect(formatAddress(address)).toBe(text);
});

test.each(['local373', '1.2.3.4:99999', '::1:80', 'host:', 'host:http', ''])('%j is no address', (text) => {
  expect(parseAddress(text)).toBeNull();
});

test('an upstream is a port, of this machine where no host is named, or a Unix socket', () => {
  expect(parseUpstream('10.0.0.1:6379')).toEqual({ host: '10.0.0.1', port: 6379 });
  expect(parseUpstream(':6379')).toEqual({ host: 'localhost', port: 6379 });
  expect(parseUpstream('unix:/tmp/redis.sock')).toEqual({ path: '/tmp/redis.sock' });
  expect(parseUpstream('redis')).toBeNull();
});

test('localhost is an IPv4 address, and no host is the default one', async () => {
  expect(await listenAddress('localhost:80', '127.0.0.1')).toEqual({ host: '127.0.0.1', port: 80 });
  expect(await listenAddress(':80', '127.0.0.1')).toEqual({ host: '127.0.0.1', port: 80 });
  expect(await listenAddress('', '127.0.0.1')).toEqual({ host: '127.0.0.1', port: 0 });
});

test('what cannot be listened on is said as Toxiproxy says it', async () => {
  await expect(listenAddress('local373', '127.0.0.1')).rejects.toMatchObject({
    status: 500,
    message: 'listen tcp: address local373: missing port in address',
  });
  const cause = Object.assign(new Error('x'), { code: 'EADDRINUSE' });
  expect(listenError({ host: '127.0.0.1', port: 80 }, cause).message).toBe(
    'listen tcp 127.0.0.1:80: bind: address already in use',
  );
});
