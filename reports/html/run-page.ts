/** The report on one run, from the verdict down to the plan, in the order in which a person asks. */
import { html as esc } from 'ghtml';
import type { RunResult, ThresholdResult } from '../../harness/contract/result.ts';
import type { VerdictStatus } from '../../harness/contract/verdict.ts';
import { milliseconds, number, signed, withUnit } from '../model/format.ts';
import { predictionSentence } from '../model/findings.ts';
import {
  byStatus,
  hasFault,
  latencyLimits,
  loadsPerExpiry,
  MARKS,
  metaOf,
  sentenceOf,
  shownStatus,
  valueOf,
  worstFirst,
} from '../model/measures.ts';
import { histogramOf, percentileLine, quantileMs, TABLE_QUANTILES } from '../model/percentiles.ts';
import { timelineOf } from '../model/timeline.ts';
import { eventsOf, eventsSentence } from './events.ts';
import { renderPage } from './page.ts';
import { renderPercentilePlot } from './percentile-plot.ts';
import type { NamedLine } from './percentile-plot.ts';
import { renderErrors, renderMeasures, renderOrigin, renderStatements, renderWho } from './run-tables.ts';
import { renderTable, slug } from './table.ts';
import type { Cell } from './table.ts';
import { renderTimeStack } from './time-stack.ts';
import { SALE_MEASURES } from '../model/sale.ts';

/** The HTML report of one run. */
export function renderRunPage(run: RunResult): string {
  const stack = renderTimeStack(run);
  const percentiles = renderPercentiles(run);
  const body = [
    renderVerdict(run),
    renderNotes(run),
    renderChecks(run),
    renderValidity(run),
    renderTiles(run),
    section('happened', 'What happened', happened(run), stack.markup + folded('The same as a table', stack.table)),
    section(
      'percentiles',
      'Latency by percentile',
      'From the intended send, so that waiting in the generator can not hide. Each step to the right is ten times rarer.',
      percentiles
        ? percentiles.markup + folded('The same as a table', percentiles.table, false)
        : '<p class="sub">No latency was recorded.</p>',
    ),
    section('who', 'Who waited', 'The same latency, by what was asked and by how the cache answered.', renderWho(run)),
    section('errors', 'How requests ended', '', renderErrors(run)),
    section('statements', 'What the database did', 'The statements that cost most time.', renderStatements(run)),
    section('again', 'Run it again', 'The same seed gives the same arrivals, keys and operations.', renderOrigin(run)),
    folded('All measures', renderMeasures(run)),
    esc`<footer>Cachequake ${run.cachequakeVersion}, result schema ${run.schemaVersion}. This page is complete in itself and asks nobody for anything.</footer>`,
  ].join('\n');
  const faults = run.plan.faults.map((f) => f.fault).join(', ');
  return renderPage({
    title: `${shownStatus(run).word}: ${run.plan.profile.id}, ${run.plan.label}`,
    top: {
      left: 'run',
      middle: [run.plan.profile.id, run.plan.label, faults].filter(Boolean).join(' · '),
      right: `${run.startedAt.slice(0, 16).replace('T', ' ')} UTC · seed ${run.plan.seed}`,
    },
    body,
    data: { stacks: [stack.data, ...(percentiles ? [percentiles.data] : [])] },
    version: run.cachequakeVersion,
  });
}

/** A section with a heading that can be linked to. */
export function section(id: string, title: string, sub: string, markup: string): string {
  return esc`<section id="${id}"><h2><a href="#${id}">${title}</a></h2>!${sub ? esc`<p>${sub}</p>` : ''}!${markup}</section>`;
}

/** Something long, folded; long tables of series are left out in print. */
export function folded(summary: string, markup: string, series = true): string {
  return esc`<details!${series ? ' class="series"' : ''}><summary>${summary}</summary>!${markup}</details>`;
}

function renderVerdict(run: RunResult): string {
  const { status, word } = shownStatus(run);
  return esc`<h1 id="verdict"><span class="v ${status}">${MARKS[status]} ${word}</span> ${sentenceOf(run.verdict)}</h1><p class="sub">${run.verdict.explanation}</p>`;
}

/** What a reader must know before any figure. */
function renderNotes(run: RunResult): string {
  const notes: [string, string][] = [];
  if (run.partial)
    notes.push([
      'Interrupted',
      'the run did not reach its end; figures are of what there is, and nothing here counts as passed.',
    ]);
  if (!run.validity.valid)
    notes.push([
      'Invalid',
      `${
        run.validity.findings
          .filter((f) => !f.ok)
          .map((f) => f.message)
          .join('; ') || 'the run did not meet its own conditions'
      }. The figures below must not be used to judge the system.`,
    ]);
  return [
    ...notes.map(([word, text]) => esc`<p class="warn"><b>${word}:</b> ${text}</p>`),
    ...run.environment.notes.map((text) => esc`<p class="note">${text}</p>`),
  ].join('');
}

function renderChecks(run: RunResult): string {
  const doubt = run.partial || !run.validity.valid;
  const rows = [
    ...worstFirst(run.thresholds).map((t) => ({
      status: t.status,
      id: `check-${slug(t.text)}`,
      cells: [
        t.text,
        statusCell(counted(t.status, doubt), withUnit(t.actual, t.unit), t.actual),
        `${t.operator} ${withUnit(t.limit, t.unit)}`,
        margin(t),
      ],
    })),
    ...run.checks.map((c) => ({
      status: c.status,
      id: `check-${slug(c.id)}`,
      cells: [
        { text: c.title, small: c.message, class: 'wide' },
        statusCell(counted(c.status, doubt), { pass: 'holds', fail: 'broken', unknown: 'unknown' }[c.status], null),
        'holds',
        '',
      ],
    })),
  ];
  if (rows.length === 0)
    return '<p class="warn"><b>Nothing was judged:</b> this run has no thresholds and no checks.</p>';
  return renderTable({
    id: 'checks',
    caption: `Thresholds and checks, the worst first${doubt ? '; none of them counts' : ''}`,
    columns: [{ label: 'Check' }, { label: 'Measured' }, { label: 'Limit' }, { label: 'Margin' }],
    rows: byStatus(rows),
    sortable: false,
  });
}

/** What held in a run that was interrupted or is not valid counts for nothing. */
function counted(status: VerdictStatus, doubt: boolean): VerdictStatus {
  return doubt && status === 'pass' ? 'unknown' : status;
}

function statusCell(status: VerdictStatus, text: string, exact: number | null): Cell {
  return { text: `${MARKS[status]} ${text}`, class: `s-${status}`, exact };
}

/** How far from the limit: `+562 ms` over a `<`, `−1.8 s` under it. */
function margin(t: ThresholdResult): string {
  if (t.actual === null || t.operator === '==' || t.operator === '!=') return '';
  const over = t.actual - t.limit;
  return over === 0 ? 'at the limit' : signed(over, t.unit);
}

function renderValidity(run: RunResult): string {
  const g = run.generator;
  const items = [
    run.validity.valid ? '<li class="s-pass">✓ valid</li>' : '<li class="s-fail">✕ invalid</li>',
    ...run.validity.findings.map(
      (f) => esc`<li!${f.ok ? '' : ' class="s-fail"'} id="validity-${slug(f.id)}">${f.ok ? '' : '✕ '}${f.message}</li>`,
    ),
    run.validity.findings.length > 0
      ? ''
      : esc`<li>generator lag p99 ${milliseconds(g.lagP99Us / 1000)}, CPU at most ${number(Math.round(g.cpuShareMax * 100))} % of a core</li>`,
  ];
  return `<ul class="strip" id="validity">${items.join('')}</ul>`;
}

interface Tile {
  id: string;
  label: string;
  value: string;
  note?: string;
  off?: boolean;
}

function renderTiles(run: RunResult): string {
  const fault = hasFault(run);
  const of = (id: string, label: string): Tile => {
    const unit = metaOf(run, id).unit;
    const tile: Tile = { id, label, value: withUnit(valueOf(run, 'run', id), unit) };
    if (fault && id.match(/^(latency|errors|cache)/))
      tile.note = `before ${withUnit(valueOf(run, 'before', id), unit)}\nduring ${withUnit(valueOf(run, 'during', id), unit)}`;
    return tile;
  };
  const loads = loadsPerExpiry(run);
  const recovery = run.recovery[0];
  const sale = SALE_MEASURES.filter(([id]) => valueOf(run, 'run', id) !== null);
  const tiles: Tile[] = [
    of('latency.p50', 'p50'),
    of('latency.p99', 'p99'),
    of('latency.p999', 'p99.9'),
    of('latency.max', 'max'),
    of('errors.rate', 'errors'),
    of('cache.hitRatio', 'hit ratio'),
    {
      id: 'db.loadsPerExpiry',
      label: 'loads per expiry',
      value: number(loads.measured),
      note:
        loads.predicted === null
          ? 'no prediction'
          : `predicted ${number(loads.predicted)}${loads.deviates && loads.deviation !== null ? `: ${signed(loads.deviation * 100, 'count')} % off` : ''}`,
      off: loads.deviates,
    },
    of('db.peakRate', 'peak database rate'),
    of('db.peakActive', 'peak active queries'),
    of('db.queriesPerRequest', 'queries per request'),
    of('cache.staleShare', 'stale reads'),
    recovery
      ? {
          id: 'recovery.time',
          label: 'recovery',
          value: recovery.recoverySec !== null ? withUnit(recovery.recoverySec, 's') : recovery.status,
          note: recovery.recoverySec !== null ? `after ${recovery.fault} healed` : recovery.fault,
        }
      : of('redis.opsPerRequest', 'Redis operations per request'),
    ...sale.map(([id, label]) => of(id, label.toLowerCase())),
  ];
  const items = tiles
    .map((t) => {
      const note = t.note ? esc`<small!${t.off ? ' class="off"' : ''}>${t.note}</small>` : '';
      return esc`<div id="tile-${slug(t.id)}"><dt>${t.label}</dt><dd!${t.value === 'unknown' ? ' class="none"' : ''}>${t.value}!${note}</dd></div>`;
    })
    .join('');
  return esc`<dl class="tiles" id="tiles">!${items}</dl><p class="strip" id="prediction">${predictionSentence(run)}</p>`;
}

function happened(run: RunResult): string {
  const sentence = eventsSentence(eventsOf(run, timelineOf(run)));
  return sentence
    ? `One time axis. ${sentence} Bands are faults as they were observed to act.`
    : 'One time axis; no fault was injected.';
}

function renderPercentiles(run: RunResult): ReturnType<typeof renderPercentilePlot> | null {
  const wanted = hasFault(run)
    ? ([
        ['before', 1, 0],
        ['during', 2, 0],
        ['after', 3, 1],
      ] as const)
    : ([['run', 1, 0]] as const);
  const lines = wanted.flatMap(([phase, colour, dash]): NamedLine[] => {
    const histogram = histogramOf(run, phase);
    if (!histogram) return [];
    return [
      {
        label: phase === 'run' ? 'whole run' : phase,
        colour,
        dash,
        line: percentileLine(histogram),
        quantiles: TABLE_QUANTILES.map((q) => quantileMs(histogram, q.beyond)),
      },
    ];
  });
  if (lines.length === 0) return null;
  const tail = lines.map((l) => `${l.label} ${milliseconds(l.quantiles[3])}`).join(', ');
  const limits = latencyLimits(run);
  return renderPercentilePlot({
    id: 'percentile-plot',
    title: 'p99',
    rowHead: 'Phase',
    finding: `${tail}${limits.length > 0 ? `; the limit is ${milliseconds(Math.min(...limits.map((l) => l.ms)))}` : ''}`,
    lines,
    limits,
  });
}
