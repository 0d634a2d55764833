/** Connections to the servers that a store asked for beside the one Redis that every run has. */
import type { Redis } from 'ioredis';
import { HarnessError } from '../../harness/contract/errors.ts';
import { createRedisClient } from './redis.ts';

/**
 * The address that the environment gave.
 *
 * @throws HarnessError BAD_CONFIG where nobody gave one
 */
export function addressOf(servers: Readonly<Record<string, string>>, name: string): string {
  const address = servers[name];
  if (address === undefined)
    throw new HarnessError('BAD_CONFIG', `the store needs a server '${name}', and nobody gave its address`, {
      hint: 'SHOP_SERVERS holds the addresses by name, as JSON',
    });
  return address;
}

/** Ready, or the first try has failed: a server that is away at the start is no reason not to start. */
function firstTry(client: Redis): Promise<void> {
  return new Promise((done) => {
    for (const event of ['ready', 'close', 'end']) client.once(event, () => done());
  });
}

/** A client for each named server, in this order; resolves when each has been tried once. */
export async function openRedisClients(
  servers: Readonly<Record<string, string>>,
  names: readonly string[],
  timeoutMs: number,
): Promise<Redis[]> {
  const addresses = names.map((name) => addressOf(servers, name));
  const clients = addresses.map((address) => createRedisClient(address, timeoutMs));
  await Promise.all(clients.map(firstTry));
  return clients;
}
