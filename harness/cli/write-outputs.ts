/** All that a result becomes, in one folder. A renderer that fails costs its own file and is told on stderr. */
import { renderHistogramLog } from '../../reports/hlog.ts';
import { renderSeriesCsv } from '../../reports/csv.ts';
import { renderHtml } from '../../reports/html/render.ts';
import { renderJunit } from '../../reports/junit.ts';
import { renderMarkdown } from '../../reports/markdown.ts';
import { renderOpenMetrics } from '../../reports/openmetrics.ts';
import { HarnessError } from '../contract/errors.ts';
import type { AnyResult, RunResult } from '../contract/result.ts';
import { type Renderer, writeResult } from '../results/write.ts';

const RENDERERS: readonly Renderer[] = [
  { file: 'report.html', render: renderHtml },
  { file: 'junit.xml', render: renderJunit },
  { file: 'summary.md', render: renderMarkdown },
  { file: 'metrics.txt', render: renderOpenMetrics },
];

/** Series and histograms belong to one run: a comparison gets a file for each of its runs. */
function renderersOf(run: RunResult, prefix: string): Renderer[] {
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
export async function writeOutputs(result: AnyResult, folder: string): Promise<void> {
  const perRun =
    result.kind === 'run'
      ? renderersOf(result, '')
      : result.runs.flatMap((run, i) =>
          renderersOf(run, `${i + 1}-${run.plan.profile.id}-${run.plan.label.replaceAll(/[^\w+.-]+/g, '-')}.`),
        );
  const { failed } = await writeResult(result, folder, [...RENDERERS, ...perRun]);
  if (failed.length > 0)
    throw new HarnessError(
      'INTERNAL',
      failed.map(({ file, reason }) => `${file} could not be rendered: ${reason}`).join('\n'),
      {
        hint: 'result.json is whole; `cachequake report` renders again',
      },
    );
}
