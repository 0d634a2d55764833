/**
 * Every value names the key that was asked for. A mixed-up answer is the worst thing a cache can do: in March 2023 a
 * cancelled request left one user's answer on a pooled Redis connection, and the next user got it.
 */
import { defineCheck } from '../../contract/verdict.ts';

export default defineCheck({
  id: 'identity',
  title: 'Every value names its own key',
  prose:
    'The body of each successful answer must contain the text that names what was asked for (`identity` of the ' +
    'request). Only operations that state it are checked.',
  judge(evidence) {
    const checked = new Set(
      evidence.plan.load.operations
        .filter((operation) => operation.request.identity !== undefined)
        .map((operation) => operation.operation),
    );
    let right = 0;
    let wrong = 0;
    for (const record of evidence.load.histograms) {
      if (record.clock !== 'intended' || !checked.has(record.operation)) continue;
      if (record.outcome === 'wrong-answer') wrong += record.count;
      else if (record.outcome === 'ok') right += record.count;
    }
    if (wrong > 0)
      return {
        status: 'fail',
        message: `${wrong} of ${right + wrong} answers named another key than the one asked for`,
        examples: evidence.load.examples.slice(0, 20),
      };
    if (right === 0) return { status: 'unknown', message: 'no answer was checked for the key it names' };
    return { status: 'pass', message: `all ${right} checked answers named the key asked for` };
  },
});
