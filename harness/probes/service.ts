/**
 * What the service's instances say of themselves: event-loop delay, memory, CPU, loads on their way, cache outcomes,
 * and each load with its key and cause, which is what loads per expiry are counted from.
 */
import { CACHE_OUTCOMES } from '../contract/defence.ts';
import { defineProbe, type SampleField } from '../contract/probe.ts';
import type { ServiceProbeAnswer } from '../contract/target.ts';
import { Growth } from './engine/growth.ts';

/** Gauges with how the instances' values become one. */
const GAUGES: readonly (SampleField & { over: 'sum' | 'max'; of(answer: ServiceProbeAnswer): number })[] = [
  {
    id: 'service.eventLoopDelayP99Ms',
    title: 'Event-loop delay p99, worst instance',
    unit: 'ms',
    kind: 'gauge',
    totalId: 'service.eventLoopDelayP99MaxMs',
    over: 'max',
    of: (answer) => answer.eventLoopDelayP99Ms,
  },
  {
    id: 'service.rssBytes',
    title: 'Memory of the service',
    unit: 'bytes',
    kind: 'gauge',
    totalId: 'service.rssMaxBytes',
    over: 'sum',
    of: (answer) => answer.rssBytes,
  },
  {
    id: 'service.loadsInFlight',
    title: 'Loads in flight',
    unit: 'loads',
    kind: 'gauge',
    totalId: 'service.loadsInFlightMax',
    over: 'sum',
    of: (answer) => answer.loadsInFlight,
  },
  {
    id: 'service.loadsInFlightMaxPerKey',
    title: 'Loads in flight for one key, in one instance',
    unit: 'loads',
    kind: 'gauge',
    totalId: 'service.loadsInFlightPerKeyMax',
    over: 'max',
    of: (answer) => answer.loadsInFlightMaxPerKey,
  },
];

const COUNTERS: readonly SampleField[] = [
  { id: 'service.cpuShare', title: 'CPU of the service', unit: 'cores', kind: 'counter', totalId: 'service.cpuSec' },
  { id: 'service.loadsPerSec', title: 'Loads', unit: '/s', kind: 'counter', totalId: 'service.totalLoads' },
  ...CACHE_OUTCOMES.map((outcome): SampleField => ({
    id: `service.${outcome}PerSec`,
    title: `Reads answered with '${outcome}'`,
    unit: '/s',
    kind: 'counter',
    totalId: `service.reads.${outcome}`,
  })),
];

/** Only from services that tell: what an HTTP cache in front of them saves. */
const TRAFFIC: readonly SampleField[] = [
  {
    id: 'service.requestsPerSec',
    title: 'Requests that reach the service',
    unit: '/s',
    kind: 'counter',
    totalId: 'service.requests',
  },
  {
    id: 'service.bodyBytesPerSec',
    title: 'Bytes of answers of the service',
    unit: 'bytes/s',
    kind: 'counter',
    totalId: 'service.bodyBytes',
  },
  {
    id: 'service.notModifiedPerSec',
    title: 'Answers 304 of the service',
    unit: '/s',
    kind: 'counter',
    totalId: 'service.notModified',
  },
];

const FIELDS: readonly SampleField[] = [...GAUGES.map(({ over: _over, of: _of, ...field }) => field), ...COUNTERS];

export default defineProbe({
  id: 'service',
  title: 'Service',
  everyMs: 500,
  needs: ['service'],
  async open({ instances }) {
    // Only the probe process opens probes; whoever reads what they are needs no HTTP client.
    const { ServiceClient } = await import('./engine/service-client.ts');
    const clients = instances.map(({ url, index }) => new ServiceClient(url, index));
    const first = await Promise.all(clients.map((client) => client.ask()));
    const tellsTraffic = first.some((answer) => answer !== null && answer !== 'none' && answer.traffic !== undefined);
    const counters = tellsTraffic ? [...COUNTERS, ...TRAFFIC] : COUNTERS;
    const fields = tellsTraffic ? [...FIELDS, ...TRAFFIC] : FIELDS;
    const told = clients.filter((_client, index) => first[index] !== 'none');
    const growths = new Map(clients.map((client) => [client, new Map<string, Growth>()]));
    return {
      fields: told.length > 0 ? fields : [],
      async sample() {
        if (told.length === 0) return {};
        const values = Object.fromEntries(fields.map(({ id }) => [id, null])) as Record<string, number | null>;
        const answers = await Promise.all(told.map((client) => client.ask()));
        answers.forEach((answer, index) => {
          if (answer === null || answer === 'none') return;
          for (const { id, over, of } of GAUGES) {
            const sofar = values[id] ?? 0;
            values[id] = over === 'sum' ? sofar + of(answer) : Math.max(sofar, of(answer));
          }
          const mine = growths.get(told[index]!)!;
          for (const [id, value] of Object.entries(readCounters(answer))) {
            if (!mine.has(id)) mine.set(id, new Growth());
            mine.get(id)!.of(value);
          }
        });
        // An instance that is away keeps what it had counted; a counter without any answer has no value.
        if (answers.some((answer) => answer !== null && answer !== 'none'))
          for (const { id } of counters)
            values[id] = told.reduce((sum, client) => sum + (growths.get(client)!.get(id)?.total ?? 0), 0);
        return values;
      },
      lost: () => clients.reduce((sum, client) => sum + client.lost, 0),
      finish: () => Promise.resolve({ loads: clients.flatMap((client) => client.loads) }),
      close() {
        for (const client of clients) client.close();
        return Promise.resolve();
      },
    };
  },
});

function readCounters(answer: ServiceProbeAnswer): Record<string, number> {
  return {
    'service.cpuShare': answer.cpuMs / 1_000,
    'service.loadsPerSec': answer.lastLoad,
    ...(answer.traffic && {
      'service.requestsPerSec': answer.traffic.requests,
      'service.bodyBytesPerSec': answer.traffic.bodyBytes,
      'service.notModifiedPerSec': answer.traffic.notModified,
    }),
    ...Object.fromEntries(
      CACHE_OUTCOMES.map((outcome) => [`service.${outcome}PerSec`, answer.cacheOutcomes[outcome] ?? 0]),
    ),
  };
}
