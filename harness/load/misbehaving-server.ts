/**
 * For the tests of the engines: a real HTTP server that answers in every way a target can. What it does stands in the
 * path's first part; it keeps the paths it was asked for.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LoadOperation, LoadSpec } from '../contract/load.ts';
import type { OperationId, RequestTemplate } from '../contract/operation.ts';

export interface MisbehavingServer extends AsyncDisposable {
  url: string;
  asked: string[];
}

export async function startMisbehavingServer(): Promise<MisbehavingServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    request.resume().once('end', () => answer(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, behaviour = '', key = ''] = (request.url ?? '').split(/[/?]/);
  const id = `{"id":${key}}`;
  switch (behaviour) {
    case 'hit':
      response.setHeader('Cache-Status', 'shop; hit; detail=early').end(id);
      break;
    case 'miss':
      response.setHeader('Cache-Status', 'shop; fwd=miss').end(id);
      break;
    case 'ok':
      response.end(id);
      break;
    case 'later':
      setTimeout(() => response.end(id), 100);
      break;
    case 'wrong':
      response.end('{"id":-1}');
      break;
    case 'shed':
      response.writeHead(503, { 'Retry-After': '1' }).end();
      break;
    case 'reset':
      request.socket.resetAndDestroy();
      break;
    case 'half':
      response.writeHead(200, { 'Content-Length': '1000' }).write('{"id":');
      setTimeout(() => request.socket.destroy(), 5);
      break;
    case 'close':
      response.setHeader('Connection', 'close').end(id);
      break;
    case 'never':
      break;
    default:
      response.writeHead(Number(behaviour)).end(`status ${behaviour}`);
  }
}

/** An operation that asks for a behaviour. */
export function operationOf(
  operation: OperationId,
  path: string,
  request: Partial<RequestTemplate> = {},
  weight = 1,
): LoadOperation {
  return {
    operation,
    weight,
    keys: { kind: 'uniform', keys: 1000 },
    request: { method: 'GET', path, identity: '"id":{key}}', ...request },
  };
}

/** A short constant load; the parts that a test is about are replaced. */
export function loadSpec(spec: Partial<LoadSpec> = {}): LoadSpec {
  return {
    seed: 1,
    engine: 'open-loop',
    arrivals: 'constant',
    segments: [{ name: 'main', durationMs: 1000, fromRatePerSec: 200, toRatePerSec: 200, recorded: true }],
    operations: [operationOf('read-item', '/ok/{key}')],
    users: 100,
    timeoutMs: 5000,
    maxInFlight: 1000,
    connectionsPerInstance: 16,
    generatorProcesses: 1,
    ...spec,
  };
}
