/**
 * Runs the open loop for a moment against a server inside this process. The first thousands of requests of a fresh
 * Node process are slow, because nothing is compiled yet; they must not be the first of the measurement, and sending
 * them to the target would warm its cache unasked.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { OpenLoopGenerator } from './open-loop-generator.ts';
import type { GeneratorShare } from './messages.ts';

const WARM_RATE_PER_SEC = 5000;
const WARM_MS = 300;

/** One for all: Node's own HTTP server would be as much work as the requests, and would have to be loaded. */
const ANSWER =
  'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-status: warm; hit; ttl=30; detail=hit\r\n' +
  'content-length: 13\r\n\r\n{"warm":true}';

function answerEveryRequest(socket: Socket): void {
  let tail = '';
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  socket.on('data', (text: string) => {
    const heads = (tail + text).split('\r\n\r\n');
    tail = heads.at(-1)!.slice(-3);
    if (heads.length > 1) socket.write(ANSWER.repeat(heads.length - 1));
  });
}

/** Warms what the generator will run. Sends nothing outside this process. */
export async function warmCodePath(share: GeneratorShare): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    answerEveryRequest(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { replay: _replay, ...spec } = share.spec;
  try {
    const generator = new OpenLoopGenerator({
      spec: {
        ...spec,
        arrivals: 'poisson',
        segments: [
          {
            name: 'warm',
            durationMs: WARM_MS,
            fromRatePerSec: WARM_RATE_PER_SEC,
            toRatePerSec: WARM_RATE_PER_SEC,
            recorded: true,
          },
        ],
        timeoutMs: 10_000,
        maxInFlight: 1000,
        connectionsPerInstance: 16,
      },
      baseUrls: [`http://127.0.0.1:${port}`],
      process: 0,
      processes: 1,
    });
    await generator.prepare();
    await generator.run(performance.timeOrigin + performance.now());
    generator.recorder.finish(0, null);
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}
