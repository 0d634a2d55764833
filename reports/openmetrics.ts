/**
 * OpenMetrics text (https://prometheus.io/docs/specs/om/open_metrics_spec/), so that results can be kept in the
 * monitoring system that a team already has. Base units: seconds, ratios, bytes. What is unknown is left out.
 */
import type { AnyResult, RunResult } from '../harness/contract/result.ts';
import { runsOf, shownStatus } from './model/measures.ts';
import { escape, familyOf, inBaseUnit, labels } from './openmetrics-text.ts';

/** Renders the measures of all runs and phases, the verdict and the thresholds. */
export function renderOpenMetrics(result: AnyResult): string {
  const runs = runsOf(result);
  const lines: string[] = [];
  lines.push('# TYPE cachequake_run info', '# HELP cachequake_run What was run.');
  for (const run of runs)
    lines.push(
      `cachequake_run_info${labels({
        ...identity(run),
        version: run.cachequakeVersion,
        environment: run.environment.id,
        machine: run.environment.machine.fingerprint,
        seed: String(run.plan.seed),
        started_at: run.startedAt,
      })} 1`,
    );
  lines.push(
    '# TYPE cachequake_verdict stateset',
    '# HELP cachequake_verdict Verdict; invalid and interrupted runs are never pass.',
  );
  for (const run of runs)
    for (const state of ['pass', 'unknown', 'fail'])
      lines.push(
        `cachequake_verdict${labels({ ...identity(run), cachequake_verdict: state })} ${shownStatus(run).status === state ? 1 : 0}`,
      );
  const thresholds = runs.flatMap((run) =>
    run.thresholds.filter((t) => t.status !== 'unknown').map((t) => ({ run, t })),
  );
  if (thresholds.length > 0)
    lines.push('# TYPE cachequake_threshold_met gauge', '# HELP cachequake_threshold_met 1 where the threshold holds.');
  for (const { run, t } of thresholds)
    lines.push(
      `cachequake_threshold_met${labels({ ...identity(run), threshold: t.text })} ${t.status === 'pass' ? 1 : 0}`,
    );
  for (const family of familiesOf(runs).values()) {
    lines.push(`# TYPE ${family.name} gauge`);
    if (family.unit) lines.push(`# UNIT ${family.name} ${family.unit}`);
    lines.push(`# HELP ${family.name} ${escape(family.help)}`, ...family.samples);
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

interface Family {
  name: string;
  unit: string;
  help: string;
  samples: string[];
}

/** Families by name; all samples of a family stand together, as the format asks. */
function familiesOf(runs: RunResult[]): Map<string, Family> {
  const families = new Map<string, Family>();
  for (const run of runs)
    for (const meta of run.measureDefinitions) {
      const { name, unit } = familyOf('cachequake', meta);
      for (const [phase, values] of Object.entries(run.measures)) {
        const value = values[meta.id];
        if (value === undefined || value === null || !Number.isFinite(value)) continue;
        let family = families.get(name);
        if (!family) families.set(name, (family = { name, unit, help: meta.title, samples: [] }));
        family.samples.push(`${name}${labels({ ...identity(run), phase })} ${inBaseUnit(value, meta.unit)}`);
      }
    }
  return families;
}

function identity(run: RunResult): Record<string, string> {
  return { run_id: run.runId, profile: run.plan.profile.id, defence: run.plan.label };
}
