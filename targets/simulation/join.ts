/**
 * Joins the simulator with what is simulated: the reader as it is, over the memory store, with the very defence files
 * that run on a real Redis, those who attend it, and the process beside it that refreshes. The simulator itself knows
 * none of them.
 */
import type { AttendContext, Mailbox } from '../../harness/contract/defence.ts';
import type { SimulatedRow } from '../../harness/simulate/database.ts';
import type { SimulationOptions } from '../../harness/simulate/simulation.ts';
import type { SimulatedReader, Surroundings } from '../../harness/simulate/surroundings.ts';
import { createMemoryMailbox } from '../defences/_memory-mailbox.ts';
import { runRefresher } from '../defences/_refresher.ts';
import externalRefresh from '../defences/external-refresh.ts';
import { createAttendants } from '../reader/attend.ts';
import { createReader, type Reader } from '../reader/create-reader.ts';
import type { StackMember } from '../reader/stack.ts';
import { createMemoryStore } from '../stores/memory.ts';

/** Instances start this long before traffic where somebody works before it, ms. */
const LEAD_MS = 2000;

export interface JoinOptions {
  /** Base TTL of the values. */
  ttlMs: number;
  /** As in the reader. */
  loadDeadlineMs?: number;
  /** Keys that the first instance puts into the cache before traffic, all with one birth time. */
  preload?: { keys: readonly string[]; recomputeMs: number };
  /** What the access log holds from before, most read first. */
  readBefore?: readonly string[];
  /** How long before traffic instances start where somebody works before it, ms; default 2000. */
  leadMs?: number;
}

type Parts = Pick<SimulationOptions, 'openStore' | 'createReader' | 'createCompanion' | 'leadMs'>;

/** The parts of a simulation that a stack of defences determines. */
export function readersOf(stack: readonly StackMember[], options: JoinOptions): Parts {
  const { preload, readBefore = [], leadMs = LEAD_MS, ...others } = options;
  const attended = stack.some(({ defence }) => defence.attend);
  const refreshed = stack.find(({ defence }) => defence.id === externalRefresh.id);
  /** The access log of all instances. */
  const readTimes = new Map(readBefore.map((key, i) => [key, readBefore.length - i]));
  let mailbox = createMemoryMailbox();
  let preloaded = false;

  /** The mailbox lives beside the values, and goes with them. */
  function mailboxOf({ atCache }: Surroundings): Mailbox {
    return {
      post: (box, text) => atCache(() => mailbox.post(box, text)),
      take: (box, atMost) => atCache(() => mailbox.take(box, atMost)),
    };
  }
  function readerOf(surroundings: Surroundings): Reader<SimulatedRow> {
    const beside = refreshed ? { mailbox: mailboxOf(surroundings) } : {};
    return createReader<SimulatedRow>({ stack, ...others, ...surroundings, ...beside });
  }

  /** The reader together with those who attend it, as a service has them. */
  function attendedReader(reader: Reader<SimulatedRow>, surroundings: Surroundings): SimulatedReader {
    const context: Omit<AttendContext<unknown>, 'parameters'> = {
      ...surroundings,
      ...others,
      store: reader.store,
      refresh: (key) => reader.refresh(key),
      mostRead: (limit) =>
        surroundings.atDatabase(async () =>
          [...readTimes]
            .toSorted(([, a], [, b]) => b - a)
            .slice(0, limit)
            .map(([key]) => key),
        ),
    };
    const attendants = createAttendants(stack, context);
    return {
      async read(key) {
        const answer = await reader.read(key);
        if (answer.value !== null) readTimes.set(key, (readTimes.get(key) ?? 0) + 1);
        return answer;
      },
      invalidate: (key) => reader.invalidate(key),
      written: (key) => attendants.written(key),
      start: () => reader.start(),
      beforeTraffic: () => attendants.beforeTraffic(),
      async close() {
        await attendants.close();
        await reader.close();
      },
    };
  }

  function refresherOf(member: StackMember, surroundings: Surroundings): Pick<SimulatedReader, 'start' | 'close'> {
    const { clock, log, store, instance } = surroundings;
    const reader = readerOf(surroundings);
    const stop = new AbortController();
    let done: Promise<unknown> = Promise.resolve();
    return {
      async start() {
        await reader.start();
        const refresh = (key: string): Promise<void> => reader.refresh(key);
        const parameters = externalRefresh.parameters.parse(member.parameters);
        const beside = { clock, log, store, mailbox: mailboxOf(surroundings), refresh, who: instance, parameters };
        done = runRefresher(beside, stop.signal);
      },
      async close() {
        stop.abort(new Error('the end'));
        await done;
        await reader.close();
      },
    };
  }

  return {
    openStore(clock) {
      mailbox = createMemoryMailbox();
      return createMemoryStore(clock);
    },
    createReader(surroundings) {
      const reader = readerOf(surroundings);
      if (preload && !preloaded) {
        preloaded = true;
        const birth = { storedAtMs: Math.max(0, surroundings.clock.nowMs()), recomputeMs: preload.recomputeMs };
        for (const key of preload.keys) void reader.put(key, { value: { key, version: 1 }, version: 1 }, birth);
      }
      return attended ? attendedReader(reader, surroundings) : reader;
    },
    ...(refreshed && { createCompanion: (surroundings) => refresherOf(refreshed, surroundings) }),
    ...(attended && { leadMs }),
  };
}
