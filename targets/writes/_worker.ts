/**
 * Takes messages from a queue in batches, hands them on, and acknowledges what was handled. What fails is left, and is
 * handed out again; what has failed too often is put aside, so that one bad message does not stop all others.
 */
import { messageOf } from '../../harness/contract/errors.ts';
import type { Clock, Log } from '../../harness/contract/time.ts';
import type { QueuedMessage, WorkQueue } from '../../harness/contract/write.ts';

/** Longest wait for a first message; bounds how long a stop takes where a wait cannot be broken off. */
const WAIT_MS = 500;
const RETRY_MS = 100;
const POLL_MS = 10;

export interface WorkerOptions {
  queue: WorkQueue;
  clock: Clock;
  log: Log;
  /** Messages handled together, at most. */
  batch: number;
  /** How long a batch that is not full waits for more. */
  lingerMs: number;
  /** Messages of a worker that did not come back are taken over after this time. */
  takeOverMs: number;
  /** After so many deliveries a message that still fails is put aside. */
  maxDeliveries: number;
  /** Rejects where none of them was handled. */
  handle(messages: readonly QueuedMessage[]): Promise<void>;
}

export interface Worker {
  /** Waits until the queue is empty, at most `limitMs`, then stops. */
  stop(limitMs: number): Promise<void>;
}

/** Starts working at once. */
export function startWorker(options: WorkerOptions): Worker {
  const { queue, clock, log, batch, lingerMs, takeOverMs, maxDeliveries, handle } = options;
  const stopping = new AbortController();
  const { signal } = stopping;

  const take = (most: number, waitMs: number): Promise<QueuedMessage[]> =>
    queue.take({ most, waitMs, takeOverMs }, signal);

  /** The first messages, and those that come until the batch is full or its time is over. */
  async function gather(): Promise<QueuedMessage[]> {
    const messages = await take(batch, WAIT_MS);
    if (messages.length === 0) return messages;
    const untilMs = clock.nowMs() + lingerMs;
    while (messages.length < batch && !signal.aborted) {
      const leftMs = untilMs - clock.nowMs();
      if (leftMs <= 0) break;
      messages.push(...(await take(batch - messages.length, leftMs)));
    }
    return messages;
  }

  /** One at a time, so that only those that fail by themselves are found to fail. */
  async function handleSingly(messages: readonly QueuedMessage[]): Promise<void> {
    for (const message of messages) {
      try {
        await handle([message]);
        await queue.acknowledge([message.id]);
      } catch (error) {
        const why = messageOf(error);
        if (message.deliveries < maxDeliveries) {
          log.warn(`message ${message.id} failed, delivery ${message.deliveries} of ${maxDeliveries}: ${why}`);
          continue;
        }
        log.warn(`message ${message.id} is put aside after ${message.deliveries} deliveries: ${why}`);
        await queue.bury(message, why);
      }
    }
  }

  async function work(): Promise<void> {
    while (!signal.aborted) {
      try {
        const messages = await gather();
        if (messages.length === 0) continue;
        try {
          await handle(messages);
        } catch {
          await handleSingly(messages);
          continue;
        }
        await queue.acknowledge(messages.map(({ id }) => id));
      } catch (error) {
        if (signal.aborted) return;
        log.warn(`the queue does not answer: ${messageOf(error)}`);
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  const done = work();
  return {
    async stop(limitMs) {
      const deadlineMs = clock.nowMs() + limitMs;
      try {
        while ((await queue.length()) > 0 && clock.nowMs() < deadlineMs) await clock.sleep(POLL_MS);
      } catch (error) {
        log.warn(`messages may stay queued: ${messageOf(error)}`);
      }
      stopping.abort();
      await done;
    },
  };
}
