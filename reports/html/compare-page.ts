/** The report on a comparison: what was found, the matrix, what the database felt, and how far all this holds. */
import { html as esc } from 'ghtml';
import type { ComparisonResult } from '../../harness/contract/result.ts';
import { comparisonHeadline, countSentence, noiseSentence, scenarioSentences } from '../model/comparison-findings.ts';
import { capital, comparedOf } from '../model/compared.ts';
import { scenariosOf } from '../model/comparison.ts';
import type { Scenario } from '../model/comparison.ts';
import { milliseconds, plural } from '../model/format.ts';
import { intervalSentence } from '../model/intervals.ts';
import { hasFault, latencyLimits, MARKS, resultStatus, runsOf, sentenceOf } from '../model/measures.ts';
import { histogramOf, percentileLine, quantileMs, TABLE_QUANTILES } from '../model/percentiles.ts';
import { renderMultiples } from './multiples.ts';
import { renderIntervals, renderOrigins, renderRanks, renderScenarioTable, renderMatrices } from './compare-tables.ts';
import { renderPage } from './page.ts';
import { renderPercentilePlot } from './percentile-plot.ts';
import type { NamedLine } from './percentile-plot.ts';
import { folded, section } from './run-page.ts';
import { LINE_LOOKS } from './looks.ts';
import { drawnSentence, mostDifferent } from '../model/selection.ts';

/** The HTML report of a comparison. */
export function renderComparePage(result: ComparisonResult): string {
  const scenarios = scenariosOf(result);
  const { many, head } = comparedOf(scenarios);
  const stacks: unknown[] = [];
  const parts = scenarios.map((scenario, i) => {
    const prefix = `s${i + 1}`;
    const multiples = renderMultiples(scenario, `${prefix}-db`);
    const percentiles = renderOverlay(scenario, `${prefix}-percentiles`);
    if (multiples) stacks.push(multiples.data);
    if (percentiles) stacks.push(percentiles.data);
    return { scenario, prefix, multiples, percentiles };
  });
  const title = (scenario: Scenario): string => (scenarios.length > 1 ? esc`<h3>${scenario.title}</h3>` : '');
  const drawn = (count: number, scenario: Scenario): string => {
    const text = drawnSentence(count, scenario, many);
    return text === '' ? '' : esc`<p class="sub">${text}</p>`;
  };
  const heading = (scenario: Scenario): string =>
    scenarios.length > 1 ? `${title(scenario)}${esc`<p>${scenarioSentences(scenario).join(' ')}</p>`}` : '';
  const body = [
    renderHeadline(result, scenarios),
    section(
      'compared',
      'Side by side',
      'The same seeded traffic for all. No total, no blended score: what matters to you is yours to weigh.',
      parts.map(({ scenario, prefix }) => heading(scenario) + renderScenarioTable(scenario, prefix)).join(''),
    ),
    esc`<ul class="strip" id="validity"><li>${countSentence(result)}</li><li>${noiseSentence(scenarios)}</li></ul>`,
    scenarios.some(({ intervals }) => intervals.length > 0)
      ? section(
          'intervals',
          'What the repeats show',
          intervalSentence(scenarios.find(({ intervals }) => intervals.length > 0)!),
          parts.map(({ scenario, prefix }) => renderIntervals(scenario, prefix)).join(''),
        )
      : '',
    scenarios.length > 1
      ? section(
          'matrix',
          'Measure by measure',
          `Open one measure at a time. Rows are ${many}, columns profiles.`,
          renderMatrices(scenarios),
        )
      : '',
    section(
      'database',
      'What the database felt',
      'Queries per second, one scale for all. Bands are faults as they were observed to act.',
      parts
        .map(({ scenario, multiples }) =>
          multiples
            ? title(scenario) +
              drawn(multiples.drawn, scenario) +
              multiples.markup +
              folded('The same as a table', multiples.table)
            : title(scenario) + '<p class="sub">The database was not observed.</p>',
        )
        .join(''),
    ),
    section(
      'percentiles',
      'Latency by percentile',
      'From the intended send. Each step to the right is ten times rarer.',
      parts
        .map(({ scenario, percentiles }) =>
          percentiles
            ? drawn(Math.min(LINE_LOOKS.length, scenario.contenders.length), scenario) +
              percentiles.markup +
              folded('The same as a table', percentiles.table, false)
            : '',
        )
        .join(''),
    ),
    section(
      'ranks',
      'Rank per measure',
      `${capital(many)} that the noise does not tell apart share a rank. There is no total.`,
      parts.map(({ scenario, prefix }) => renderRanks(scenario, prefix)).join(''),
    ),
    section('origins', 'What differs between the runs', '', renderOrigins(result, head)),
    section(
      'again',
      'Run it again',
      'The same seed gives the same arrivals, keys and operations.',
      esc`<pre>${result.command}</pre>`,
    ),
    esc`<footer>Cachequake ${result.cachequakeVersion}, result schema ${result.schemaVersion}. This page is complete in itself and asks nobody for anything.</footer>`,
  ].join('\n');
  const seeds = [...new Set(runsOf(result).map((run) => run.plan.seed))];
  const repeats = Math.min(...scenarios.flatMap((s) => s.contenders.map((c) => c.runs.length)), Infinity);
  return renderPage({
    title: `Comparison: ${scenarios.map((s) => s.title).join(', ')}`,
    top: {
      left: 'comparison',
      middle: `${scenarios.map((s) => s.title).join(', ')} · ${Number.isFinite(repeats) ? plural(repeats, 'repeat') : 'no runs'}`,
      right: `${result.startedAt.slice(0, 16).replace('T', ' ')} UTC · seed ${seeds.slice(0, 4).join(', ')}${seeds.length > 4 ? ', …' : ''}`,
    },
    body,
    data: { stacks },
    version: result.cachequakeVersion,
  });
}

/** Names with hyphens stay on one line. */
function unbroken(text: string): string {
  return text
    .split(' ')
    .map((word) => (word.includes('-') && word.length < 28 ? esc`<span class="nb">${word}</span>` : esc`${word}`))
    .join(' ');
}

function renderHeadline(result: ComparisonResult, scenarios: Scenario[]): string {
  const { status, word } = resultStatus(result);
  const words = scenarios.length === 1 ? scenarioSentences(scenarios[0]!).join(' ') : '';
  const partial = result.partial
    ? '<p class="warn"><b>Interrupted:</b> not every run took place; nothing here counts as passed.</p>'
    : '';
  const differences = result.differences.map((d) => esc`<p class="warn"><b>Differs:</b> ${d}</p>`).join('');
  const texts = [...new Set(result.runs.flatMap((run) => run.environment.notes))];
  const notes = texts.map((text) => esc`<p class="note">${text}</p>`).join('');
  return esc`<h1 id="finding">!${unbroken(comparisonHeadline(scenarios))}</h1><p class="sub">${words}</p><p class="sub" id="verdict"><span class="v ${status}">${MARKS[status]} ${word}</span> ${sentenceOf(result.verdict)}. ${result.verdict.explanation}</p>!${partial}!${differences}!${notes}`;
}

/** One line for each contender, at most six, in the phase in which they differ most: during the fault where there is one. */
function renderOverlay(scenario: Scenario, id: string): ReturnType<typeof renderPercentilePlot> | null {
  const fault = scenario.contenders.some((c) => c.runs.some(hasFault));
  const phase = fault ? 'during' : 'run';
  const lines = mostDifferent(scenario, LINE_LOOKS.length).flatMap((contender, i): NamedLine[] => {
    const run = contender.usable[0] ?? contender.runs[0];
    const histogram = run && histogramOf(run, phase);
    if (!histogram) return [];
    return [
      {
        label: contender.usable.length === 0 ? `${contender.name} (not valid)` : contender.name,
        colour: LINE_LOOKS[i]!.colour,
        dash: LINE_LOOKS[i]!.dash,
        line: percentileLine(histogram),
        quantiles: TABLE_QUANTILES.map((q) => quantileMs(histogram, q.beyond)),
      },
    ];
  });
  if (lines.length === 0) return null;
  const first = scenario.contenders.some((c) => c.usable.length > 1) ? '; the first repeat of each' : '';
  return renderPercentilePlot({
    id,
    rowHead: comparedOf([scenario]).head,
    title: `${scenario.title}, ${fault ? 'during the fault' : 'whole run'}`,
    finding: `p99 ${lines.map((l) => `${l.label} ${milliseconds(l.quantiles[3])}`).join(', ')}${first}`,
    lines,
    limits: scenario.contenders[0]!.runs[0] ? latencyLimits(scenario.contenders[0]!.runs[0]) : [],
  });
}
