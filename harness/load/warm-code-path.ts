/**
 * Runs the open loop for a moment against a server inside this process. The first thousands of requests of a fresh
 * Node process are slow, because nothing is compiled yet; they must not be the first of the measurement, and sending
 * them to the target would warm its cache unasked.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OpenLoopGenerator } from './open-loop-generator.ts';
import type { GeneratorShare } from './messages.ts';

const WARM_RATE_PER_SEC = 5000;
const WARM_MS = 300;

/** Warms what the generator will run. Sends nothing outside this process. */
export async function warmCodePath(share: GeneratorShare): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('cache-status', 'warm; hit; ttl=30; detail=hit');
    response.end('{"warm":true}');
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
    server.closeAllConnections();
  }
}
