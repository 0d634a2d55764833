/**
 * The least that a proxy in Node can be: two sockets piped into each other, with nothing between them that could be
 * counted, delayed or cut. What it adds is the price of a second process on this machine, which no proxy written in Node
 * can be below. `node pipe.ts <port>` forwards to that port of the loopback; prints its own port as one line of JSON and
 * ends when its standard input is closed.
 */
import { type AddressInfo, connect, createServer } from 'node:net';

const upstreamPort = Number(process.argv[2]);

const server = createServer({ noDelay: true }, (socket) => {
  const upstream = connect({ host: '127.0.0.1', port: upstreamPort, noDelay: true });
  const end = (): void => {
    socket.destroy();
    upstream.destroy();
  };
  socket.on('error', end);
  upstream.on('error', end);
  socket.pipe(upstream);
  upstream.pipe(socket);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ port })}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
