/**
 * Addresses as Toxiproxy takes them (`host:port`, `localhost:0`, `[::1]:80`), and its words for those that cannot be
 * listened on.
 */
import { lookup } from 'node:dns/promises';
import { ApiError } from './api-error.ts';

export interface Address {
  host: string;
  port: number;
}

/** What is dialled: a port of a host, or a Unix socket of this machine. */
export type Upstream = Address | { path: string };

/** `host:port`; or `unix:` and a path, which the original does not know. Null where it is neither. */
export function parseUpstream(text: string): Upstream | null {
  if (text.startsWith('unix:')) return { path: text.slice('unix:'.length) };
  const address = parseAddress(text);
  return address && { host: address.host || 'localhost', port: address.port };
}

/** Splits `host:port`; null when it is not of that form. The host may be empty. */
export function parseAddress(text: string): Address | null {
  const match = /^(?:\[(?<six>[^\]]*)\]|(?<host>[^:[\]]*)):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.['port']);
  if (!match || port > 65_535) return null;
  return { host: match.groups?.['six'] ?? match.groups?.['host'] ?? '', port };
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * The address to listen on, with the host as an IP address.
 *
 * @param text what the request said; empty means any free port
 * @param defaultHost used where the text names no host
 * @throws ApiError 500, as Toxiproxy answers
 */
export async function listenAddress(text: string, defaultHost: string): Promise<Address> {
  const address = parseAddress(text === '' ? ':0' : text);
  if (!address) {
    const why = text.includes(':') ? 'invalid port' : 'missing port in address';
    throw new ApiError(`listen tcp: address ${text}: ${why}`, 500);
  }
  const host = address.host === '' ? defaultHost : address.host;
  try {
    return { host: (await lookup(host, { order: 'ipv4first' })).address, port: address.port };
  } catch {
    throw new ApiError(`listen tcp: lookup ${host}: no such host`, 500);
  }
}

const SYSTEM_WORDS: Record<string, string> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EACCES: 'permission denied',
};

/** The answer when the system refuses to listen. */
export function listenError(address: Address, cause: NodeJS.ErrnoException): ApiError {
  const why = SYSTEM_WORDS[cause.code ?? ''] ?? cause.message;
  return new ApiError(`listen tcp ${formatAddress(address)}: bind: ${why}`, 500);
}
