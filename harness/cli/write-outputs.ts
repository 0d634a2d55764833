/** All that a result becomes, in one folder. A renderer that fails costs its own file and is told on stderr. */
import { renderGateHtml } from '../../reports/gate/gate-page.ts';
import { renderGateJunit } from '../../reports/gate/junit.ts';
import { renderGateMarkdown } from '../../reports/gate/markdown.ts';
import { renderGateOpenMetrics } from '../../reports/gate/openmetrics.ts';
import { renderHistogramLog } from '../../reports/hlog.ts';
import { renderSeriesCsv } from '../../reports/csv.ts';
import { renderHtml } from '../../reports/html/render.ts';
import { renderJunit } from '../../reports/junit.ts';
import { renderMarkdown } from '../../reports/markdown.ts';
import { renderOpenMetrics } from '../../reports/openmetrics.ts';
import { HarnessError } from '../contract/errors.ts';
import type { GateResult } from '../contract/gate.ts';
import type { AnyResult, RunResult, StoredResult } from '../contract/result.ts';
import { type Renderer, type WrittenResult, writeResult } from '../results/write.ts';

const RENDERERS: readonly Renderer<AnyResult>[] = [
  { file: 'report.html', render: renderHtml },
  { file: 'junit.xml', render: renderJunit },
  { file: 'summary.md', render: renderMarkdown },
  { file: 'metrics.txt', render: renderOpenMetrics },
];

const GATE_RENDERERS: readonly Renderer<GateResult>[] = [
  { file: 'report.html', render: renderGateHtml },
  { file: 'junit.xml', render: renderGateJunit },
  { file: 'summary.md', render: renderGateMarkdown },
  { file: 'metrics.txt', render: renderGateOpenMetrics },
];

/** Series and histograms belong to one run: a comparison gets a file for each of its runs. */
function renderersOf(run: RunResult, prefix: string): Renderer<AnyResult>[] {
  return [
    { file: `${prefix}series.csv`, render: () => renderSeriesCsv(run) },
    { file: `${prefix}latency.hlog`, render: () => renderHistogramLog(run) },
  ];
}

/**
 * Writes `result.json`, the report and the summaries.
 *
 * @throws HarnessError OUTPUT_FAILED where the disk refuses, INTERNAL where a renderer failed (the others are written)
 */
export async function writeOutputs(result: StoredResult, folder: string): Promise<void> {
  const { failed } = await (result.kind === 'gate'
    ? writeResult(result, folder, GATE_RENDERERS)
    : writeRuns(result, folder));
  if (failed.length > 0)
    throw new HarnessError(
      'INTERNAL',
      failed.map(({ file, reason }) => `${file} could not be rendered: ${reason}`).join('\n'),
      {
        hint: 'result.json is whole; `cachequake report` renders again',
      },
    );
}

function writeRuns(result: AnyResult, folder: string): Promise<WrittenResult> {
  const perRun =
    result.kind === 'run'
      ? renderersOf(result, '')
      : result.runs.flatMap((run, i) =>
          renderersOf(run, `${i + 1}-${run.plan.profile.id}-${run.plan.label.replaceAll(/[^\w+.-]+/g, '-')}.`),
        );
  return writeResult(result, folder, [...RENDERERS, ...perRun]);
}
