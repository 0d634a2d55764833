// Planted regressions, all off unless a variable asks for one: a gate is trusted only when it has caught some. The
// validation of Cachequake's own gate uses them; in a service of yours there is no such file.
//
//   SLOW_SERVICE_PERCENT=5    busy waiting in every request, as a share of SLOW_BASE_US
//   SLOW_BASE_US=1000         what 100 % is. A fixed time and none that the service measures of itself: what was planted
//                             is then the same in every run and known exactly. Set it to the p50 that a run has shown.
//   EXTRA_QUERY_SHARE=0.02    this share of the requests asks the database once more, also when the cache answers
//   NO_SINGLE_FLIGHT=1        every reader who finds nothing in the cache loads for himself
//   NO_INDEX=1                the index that the query needs is dropped at the start (the seed makes it again)
//   TAIL_DELAY_SHARE=0.01     this share of the requests waits for TAIL_DELAY_MS (50) more, without work
import { setTimeout as delay } from 'node:timers/promises';

/** True in this share of its calls, spread evenly: no chance, so that two runs of it differ in nothing else. */
function everyShare(share) {
  let sum = 0;
  return () => {
    sum += share;
    if (sum < 1) return false;
    sum -= 1;
    return true;
  };
}

function number(environment, name, fallback) {
  const value = Number(environment[name] ?? fallback);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`${name}=${environment[name]} is not a number from 0 up`);
}

export function createSlowdowns(environment) {
  const busyMs =
    (number(environment, 'SLOW_SERVICE_PERCENT', 0) / 100) * (number(environment, 'SLOW_BASE_US', 1000) / 1000);
  const tailMs = number(environment, 'TAIL_DELAY_MS', 50);
  const asksTwice = everyShare(number(environment, 'EXTRA_QUERY_SHARE', 0));
  const isSlow = everyShare(number(environment, 'TAIL_DELAY_SHARE', 0));
  return {
    withoutSingleFlight: environment.NO_SINGLE_FLIGHT === '1',
    async beforeStart(query) {
      if (environment.NO_INDEX === '1') await query('DROP INDEX IF EXISTS press.comments_of_article');
    },
    async beforeAnswer(extraQuery) {
      if (busyMs > 0) for (const until = performance.now() + busyMs; performance.now() < until;);
      if (asksTwice()) await extraQuery();
      if (isSlow()) await delay(tailMs);
    },
  };
}
