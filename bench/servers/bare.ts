/**
 * The least that answers HTTP in Node, for rates at which `trivial` is the limit and no longer the generator: without a
 * parser, one answer for each end of a head, since its clients send requests without a body. Prints its port as one line
 * of JSON and ends when its standard input is closed.
 */
import { type AddressInfo, createServer } from 'node:net';

const BODY = '{"id":1,"name":"product"}';
const RESPONSE = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;
const END_OF_HEAD = '\r\n\r\n';

const server = createServer({ noDelay: true }, (socket) => {
  // A head may come in two pieces, and be cut within its end.
  let tail = '';
  socket.setEncoding('latin1');
  socket.on('data', (piece: string) => {
    const text = tail + piece;
    let answers = 0;
    let from = 0;
    for (let at = text.indexOf(END_OF_HEAD); at !== -1; at = text.indexOf(END_OF_HEAD, from)) {
      answers++;
      from = at + END_OF_HEAD.length;
    }
    tail = text.slice(Math.max(from, text.length - END_OF_HEAD.length + 1));
    if (answers > 0) socket.write(answers === 1 ? RESPONSE : RESPONSE.repeat(answers));
  });
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
process.stdin.resume().once('end', () => process.exit(0));
