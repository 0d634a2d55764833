/**
 * A server that answers at once, but stands still for 200 ms at the start of every 2 s: the pattern of a long garbage
 * collection, whose exact latency distribution is known. It sleeps in the stall, so that it takes no core from the
 * generator. Prints its port as one line of JSON and ends when its standard input is closed.
 */
import { createServer, type AddressInfo } from 'node:net';

const PERIOD_MS = 2000;
const STALL_MS = 200;
const RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const cell = new Int32Array(new SharedArrayBuffer(4));
const startedAtMs = performance.now();

function stallLater(period: number): void {
  setTimeout(
    () => {
      const endsAtMs = startedAtMs + period * PERIOD_MS + STALL_MS;
      Atomics.wait(cell, 0, 0, Math.max(0, endsAtMs - performance.now()));
      stallLater(period + 1);
    },
    startedAtMs + period * PERIOD_MS - performance.now(),
  );
}

// Without an HTTP parser: what the server needs to work off a stall's requests is not in the formula. No client here
// pipelines, and its small requests come in one piece each.
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', () => socket.write(RESPONSE)).on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
  stallLater(1);
});
process.stdin.resume().once('end', () => process.exit(0));
