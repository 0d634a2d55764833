/**
 * A gate as OpenMetrics text, so that its effects can be kept in the monitoring system that a team already has.
 * Effects are ratios or differences in base units, plus is worse; what is unknown is left out.
 */
import type { GateResult, MeasureDecision } from '../../harness/contract/gate.ts';
import { escape, familyOf, inBaseUnit, labels } from '../openmetrics-text.ts';
import { gateStatus, OUTCOMES } from './outcomes.ts';

/** Figures of a measure that become families of their own, on the scale of its effect. */
const FIGURES = [
  ['effect', 'Change of the candidate, plus is worse'],
  ['low', 'Lower end of the 95 % interval of the change'],
  ['high', 'Upper end of the 95 % interval of the change'],
  ['tolerance', 'Largest change that is let pass'],
  ['smallestDetectable', 'Smallest change that would have been seen in 95 of 100 cases'],
] as const;

interface Family {
  type: 'gauge' | 'info' | 'stateset';
  name: string;
  unit: string;
  help: string;
  samples: { suffix?: string; labels: Record<string, string>; value: number }[];
}

/**
 * Renders a gate as OpenMetrics text.
 *
 * @param result as in `result.json`
 */
export function renderGateOpenMetrics(result: GateResult): string {
  const own = { run_id: result.runId, profile: result.plan.profile.id, defence: result.plan.label };
  const commit = (name: string): string => result.sides.find((side) => side.name === name)?.commit ?? '';
  const families: Family[] = [
    {
      type: 'info',
      name: 'cachequake_gate',
      unit: '',
      help: 'What was compared.',
      samples: [
        {
          suffix: '_info',
          labels: {
            ...own,
            version: result.cachequakeVersion,
            evidence: result.evidence,
            design: result.design ?? '',
            environment: result.environment.id,
            machine: result.environment.machine.fingerprint,
            seed: String(result.plan.seed),
            base: commit('base') || (result.baseline?.commit ?? ''),
            candidate: commit('candidate'),
            started_at: result.startedAt,
          },
          value: 1,
        },
      ],
    },
    {
      type: 'stateset',
      name: 'cachequake_gate_decision',
      unit: '',
      help: 'Decision; what is interrupted or not to be trusted is never pass.',
      samples: (
        [
          ['pass', 'pass'],
          ['undecided', 'unknown'],
          ['regressed', 'fail'],
        ] as const
      ).map(([state, status]) => ({
        labels: { ...own, cachequake_gate_decision: state },
        value: gateStatus(result).status === status ? 1 : 0,
      })),
    },
    {
      type: 'stateset',
      name: 'cachequake_gate_outcome',
      unit: '',
      help: 'Outcome of each measure.',
      samples: result.measures.flatMap((measure) =>
        Object.keys(OUTCOMES).map((outcome) => ({
          labels: { ...own, measure: measure.id, cachequake_gate_outcome: outcome },
          value: measure.outcome === outcome ? 1 : 0,
        })),
      ),
    },
    ...FIGURES.flatMap(([figure, help]) => effectFamilies(result.measures, own, figure, help)),
    ...valueFamilies(result.measures, own),
  ];
  const lines = families.flatMap((family) =>
    family.samples.length === 0
      ? []
      : [
          `# TYPE ${family.name} ${family.type}`,
          ...(family.unit === '' ? [] : [`# UNIT ${family.name} ${family.unit}`]),
          `# HELP ${family.name} ${escape(family.help)}`,
          ...family.samples.map((one) => `${family.name}${one.suffix ?? ''}${labels(one.labels)} ${one.value}`),
        ],
  );
  return `${lines.join('\n')}\n# EOF\n`;
}

/** Ratios in one family; differences in one for each unit. */
function effectFamilies(
  measures: readonly MeasureDecision[],
  own: Record<string, string>,
  figure: (typeof FIGURES)[number][0],
  help: string,
): Family[] {
  const families = new Map<string, Family>();
  for (const measure of measures) {
    const value = measure[figure];
    if (value === null || !Number.isFinite(value)) continue;
    const ratio = measure.scale === 'ratio';
    const id = `${figure}${ratio ? 'Relative' : 'Difference'}`;
    const { name, unit } = familyOf('cachequake_gate', { ...measure, id, unit: ratio ? '%' : measure.unit });
    let family = families.get(name);
    if (!family) families.set(name, (family = { type: 'gauge', name, unit, help: `${help}.`, samples: [] }));
    family.samples.push({
      labels: { ...own, measure: measure.id },
      value: inBaseUnit(ratio ? value * 100 : value, ratio ? '%' : measure.unit),
    });
  }
  return [...families.values()];
}

/** The medians of both sides, one family for each measure. */
function valueFamilies(measures: readonly MeasureDecision[], own: Record<string, string>): Family[] {
  return measures.map((measure) => ({
    type: 'gauge',
    ...familyOf('cachequake_gate_side', measure),
    help: measure.title,
    samples: (['base', 'candidate'] as const).flatMap((side) => {
      const value = measure[side];
      return value === null || !Number.isFinite(value)
        ? []
        : [{ labels: { ...own, side }, value: inBaseUnit(value, measure.unit) }];
    }),
  }));
}
