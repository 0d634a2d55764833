/**
 * What Redis itself counted: commands, hits and misses, evictions, memory, bytes. The probe's own questions are taken
 * out, and a restart does not set the totals back.
 */
import { defineProbe, type SampleField } from '../contract/probe.ts';
import { Growth } from './engine/growth.ts';
import { RedisSession, type InfoAnswer } from './engine/redis-session.ts';

/** Counters by the name that INFO has for them. */
const COUNTERS: readonly (SampleField & { name: string })[] = [
  counter('total_commands_processed', 'redis.opsPerSec', 'Redis commands', 'redis.totalCommands'),
  counter('keyspace_hits', 'redis.hitsPerSec', 'Keys found', 'redis.hits'),
  counter('keyspace_misses', 'redis.missesPerSec', 'Keys not found', 'redis.misses'),
  counter('evicted_keys', 'redis.evictionsPerSec', 'Keys evicted', 'redis.evictions'),
  counter('expired_keys', 'redis.expirationsPerSec', 'Keys expired', 'redis.expirations'),
];
const BYTES: SampleField = {
  id: 'redis.bytesPerSec',
  title: 'Redis traffic, both ways',
  unit: 'bytes/s',
  kind: 'counter',
  totalId: 'redis.totalBytes',
};
const GAUGES: readonly SampleField[] = [
  { id: 'redis.memoryBytes', title: 'Redis memory', unit: 'bytes', kind: 'gauge', totalId: 'redis.memoryMaxBytes' },
  { id: 'redis.clients', title: 'Redis clients', unit: 'clients', kind: 'gauge', totalId: 'redis.clientsMax' },
];

const FIELDS: readonly SampleField[] = [...COUNTERS.map(({ name: _name, ...field }) => field), BYTES, ...GAUGES];

/** Questions that only harnesses and connection set-up ask. */
const NOT_TRAFFIC = /^(info|hello|auth|client\|.*|config\|.*|command.*)$/;

export default defineProbe({
  id: 'redis-info',
  title: 'Redis',
  everyMs: 250,
  needs: ['redis'],
  async open({ stack }) {
    const session = await RedisSession.open(stack.redisUrl);
    const growths = new Map([...COUNTERS, BYTES].map(({ id }) => [id, new Growth()]));
    const callGrowths = new Map<string, Growth>();
    let calls = new Map<string, number>();
    let callsAtStart = new Map<string, number>();

    const read = (answer: InfoAnswer): Record<string, number> => {
      const info = fieldsOf(answer.text);
      const number = (name: string): number => Number(info.get(name) ?? 0);
      const values: Record<string, number> = {};
      for (const { id, name } of COUNTERS) {
        const own = name === 'total_commands_processed' ? answer.ownCommands : 0;
        values[id] = growths.get(id)!.of(number(name) - own);
      }
      const bytes = number('total_net_input_bytes') + number('total_net_output_bytes') - answer.ownBytes;
      values[BYTES.id] = growths.get(BYTES.id)!.of(bytes);
      values['redis.memoryBytes'] = number('used_memory');
      values['redis.clients'] = number('connected_clients') - session.ownClients;
      calls = new Map();
      for (const [name, value] of info) {
        if (!name.startsWith('cmdstat_')) continue;
        const command = name.slice('cmdstat_'.length);
        if (!callGrowths.has(command)) callGrowths.set(command, new Growth());
        calls.set(command, callGrowths.get(command)!.of(Number(/^calls=(\d+)/.exec(value)?.[1] ?? 0)));
      }
      return values;
    };

    return {
      fields: FIELDS,
      async sample() {
        const answer = await session.info();
        if (answer) return read(answer);
        return Object.fromEntries(FIELDS.map(({ id }) => [id, null]));
      },
      async begin() {
        const answer = await session.info();
        if (answer) read(answer);
        callsAtStart = calls;
      },
      finish() {
        const totals: Record<string, number> = {};
        for (const [command, count] of calls) {
          const since = count - (callsAtStart.get(command) ?? 0);
          if (since > 0 && !NOT_TRAFFIC.test(command)) totals[`redis.calls.${command}`] = since;
        }
        return Promise.resolve({ totals });
      },
      close: () => Promise.resolve(session.close()),
    };
  },
});

function counter(name: string, id: string, title: string, totalId: string): SampleField & { name: string } {
  return { name, id, title, unit: '/s', kind: 'counter', totalId };
}

/** `name:value` lines. */
function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}
