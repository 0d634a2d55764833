/**
 * What Redis itself counted: commands, hits and misses, evictions, memory, bytes. The probe's own questions are taken
 * out, and a restart does not set the totals back.
 */
import { defineProbe, type SampleField } from '../contract/probe.ts';
import { Growth } from './engine/growth.ts';
import { RedisSession, type InfoAnswer } from './engine/redis-session.ts';

const COMMANDS = 'total_commands_processed';

/** Counters by the name that INFO has for them. */
const COUNTERS: readonly (SampleField & { name: string })[] = [
  counter(COMMANDS, 'redis.opsPerSec', 'Redis commands', 'redis.totalCommands'),
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
    let callsAtStart = new Map<string, number>();
    let last: InfoAnswer | null = null;

    /** Calls of each command up to this answer. There are a hundred lines of them, so not each answer is read. */
    const countCalls = ({ text }: InfoAnswer): Map<string, number> => {
      for (const [, command, count] of text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) {
        if (!callGrowths.has(command!)) callGrowths.set(command!, new Growth());
        callGrowths.get(command!)!.of(Number(count));
      }
      return new Map([...callGrowths].map(([command, growth]) => [command, growth.total]));
    };

    const read = (answer: InfoAnswer): Record<string, number> => {
      const values: Record<string, number> = {};
      for (const { id, name } of COUNTERS) {
        const own = name === COMMANDS ? answer.ownCommands : 0;
        values[id] = growths.get(id)!.of(numberOf(answer.text, name) - own);
      }
      const bytes =
        numberOf(answer.text, 'total_net_input_bytes') +
        numberOf(answer.text, 'total_net_output_bytes') -
        answer.ownBytes;
      values[BYTES.id] = growths.get(BYTES.id)!.of(bytes);
      values['redis.memoryBytes'] = numberOf(answer.text, 'used_memory');
      values['redis.clients'] = numberOf(answer.text, 'connected_clients') - session.ownClients;
      if (last && begunAgain(last, answer)) {
        countCalls(last);
        countCalls(answer);
      }
      last = answer;
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
        if (last) callsAtStart = countCalls(last);
      },
      finish() {
        const totals: Record<string, number> = {};
        for (const [command, count] of last ? countCalls(last) : []) {
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

/** The number in the line `name:number`; 0 where there is none. */
function numberOf(text: string, name: string): number {
  const line = `\n${name}:`;
  const at = text.indexOf(line);
  return at < 0 ? 0 : Number.parseFloat(text.slice(at + line.length, at + line.length + 24)) || 0;
}

/** True where the second answer counts from zero: of another process, or after a reset of the statistics. */
function begunAgain(before: InfoAnswer, after: InfoAnswer): boolean {
  return before.runId !== after.runId || numberOf(after.text, COMMANDS) < numberOf(before.text, COMMANDS);
}
