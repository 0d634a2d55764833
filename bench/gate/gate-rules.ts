/** The gate as it is by default, for recorded pairs: its own rules, settings and decision. */
import type { GateRules } from '../../harness/contract/gate.ts';
import type { MeasureMeta } from '../../harness/contract/verdict.ts';
import { type GateSettings, gateSettings } from '../../harness/plan/gate-settings.ts';
import { decidePairs } from '../../harness/verdict/gate/decide-pairs.ts';
import { rulesFor } from '../../harness/verdict/gate/rules.ts';
import { allMeasures, metaOf } from '../../harness/verdict/measures.ts';
import type { Series } from './recording.ts';
import type { Gate } from './resample.ts';

/** What a gate does where nobody chose anything. */
export function defaultSettings(): GateSettings {
  return gateSettings({}, undefined, null);
}

export function defaultRules(): GateRules {
  return rulesFor({ tolerances: [] }, 'side-by-side');
}

export function gateOf(series: Series): Gate {
  const { noisePairs, budgetMs } = defaultSettings();
  const all = defaultRules();
  const notJudged = series.sittings[0]?.notJudged ?? [];
  const rules: GateRules = {
    ...all,
    tolerances: Object.fromEntries(Object.entries(all.tolerances).filter(([id]) => !notJudged.includes(id))),
  };
  const measures = series.sittings[0]?.measures ?? judgedMeasures();
  return {
    rules,
    noisePairs,
    budgetMs,
    decide: (pairs, timeIsUp) => decidePairs({ pairs, measures, rules, timeIsUp }),
  };
}

/** What is kept of each trial: every measure that a gate judges by default. */
export function judgedMeasures(): MeasureMeta[] {
  const { tolerances } = defaultRules();
  return [...allMeasures().values()].filter(({ id }) => tolerances[id] !== undefined).map(metaOf);
}
