/**
 * Two circuit breakers in one: before the cache, so that a dead Redis costs no reader its time limit, and before the
 * database, so that one that drowns is left alone. When the cache fails the database gets 1/(1 − h) times its load, and
 * what happens then is the one setting that matters.
 */
import { z } from 'zod';
import { defineDefence, type GuardLayer } from '../../harness/contract/defence.ts';
import { HarnessError } from '../../harness/contract/errors.ts';
import { createCircuit, type Circuit } from './_circuit.ts';
import { createLastValues } from './_last-values.ts';

/** One for all: an error with its stack for every refused read would cost more than the read. */
const REFUSED = new HarnessError('SHED', 'the breaker is open: the database is not asked');

const ms = (fallback: number, text: string) => z.number().positive().default(fallback).describe(`${text}, ms`);

export default defineDefence({
  id: 'breaker',
  layer: 'guard',
  title: 'Circuit breaker before cache and database',
  prose:
    'Counts failures and slowness of the cache and of loads, apart. While the breaker of the cache is open the cache is ' +
    'not asked at all, and `onCacheFailure` decides: `fallback` asks the database for every read (with a hit ratio of ' +
    '0.95 that is 20 times its usual load), `shed` answers 503 with Retry-After, `stale` serves what this process has ' +
    'last seen and sheds the rest. While the breaker of the database is open no load is made. Stand a `bulkhead` beside ' +
    'it: until enough calls have failed the breaker lets everything through. It closes only when traffic tries it, it ' +
    'also refuses reads that would have gone well, and each instance finds out for itself.',
  source: 'M. Nygard, Release It!, 2nd ed. 2018; circuit breaker of Netflix Hystrix and resilience4j.',
  parameters: z.object({
    onCacheFailure: z
      .enum(['fallback', 'shed', 'stale'])
      .default('fallback')
      .describe('While the cache is out: ask the database, answer 503, or serve the last value seen'),
    failureShare: z.number().min(0.01).max(1).default(0.5).describe('Share of bad calls from which on it opens'),
    minimumCalls: z.number().int().min(1).default(20).describe('Calls within the window before anything is concluded'),
    windowMs: ms(2000, 'How far back calls count'),
    openMs: ms(1000, 'How long nothing is tried after it opened'),
    probes: z.number().int().min(1).default(3).describe('Calls that may try after that; as many must succeed'),
    slowCacheMs: ms(250, 'An operation of the cache that takes longer counts as failed'),
    slowLoadMs: ms(2000, 'A load that takes longer counts as failed'),
    lastValues: z.number().int().min(1).default(1000).describe('Values that are kept for `stale`, at most'),
  }),
  needs: [],
  // Nothing fails while a prediction holds, and a closed breaker changes nothing.
  predict: ({ ratePerSec, recomputeSec, parameters: { slowLoadMs } }) =>
    recomputeSec * 1000 < slowLoadMs ? 1 + ratePerSec * recomputeSec : null,
  create({ clock, log, parameters }): GuardLayer {
    const { onCacheFailure, slowCacheMs, slowLoadMs } = parameters;
    const circuitOf = (what: string): Circuit =>
      createCircuit({
        ...parameters,
        clock,
        onChange: (state, why) => log[state === 'open' ? 'warn' : 'info'](`breaker of the ${what}: ${state}, ${why}`),
      });
    const cache = circuitOf('cache');
    const database = circuitOf('database');
    const last = onCacheFailure === 'stale' ? createLastValues(parameters.lastValues) : null;

    return {
      mayAskCache: () => cache.admit(),
      cacheAnswered: (tookMs) => cache.record(tookMs > slowCacheMs),
      cacheFailed: () => cache.record(true),
      async ask(_key, load, cause) {
        if (cause === 'bypass' && onCacheFailure !== 'fallback' && cache.state !== 'closed') throw REFUSED;
        if (!database.admit()) throw REFUSED;
        const startedAtMs = clock.nowMs();
        try {
          const result = await load();
          database.record(clock.nowMs() - startedAtMs > slowLoadMs);
          return result;
        } catch (error) {
          // What a bulkhead has turned away says nothing about the database.
          if (!(error instanceof HarnessError && error.code === 'SHED')) database.record(true);
          throw error;
        }
      },
      ...(last && {
        seen: (entry) => last.keep(entry),
        lastSeen: (key) => last.get(key),
        forget: (key) => last.forget(key),
      }),
    };
  },
});
