/** The report on a gate: what was decided, measure by measure, how sure that is, where a change sits, and what to do. */
import { html as esc } from 'ghtml';
import type { GateResult } from '../../harness/contract/gate.ts';
import { renderPage } from '../html/page.ts';
import { folded, section } from '../html/run-page.ts';
import { slug } from '../html/table.ts';
import { renderForests } from './forest.ts';
import { renderMeasureTable, renderSetting, renderSides, renderTrials } from './gate-tables.ts';
import {
  brokenGuards,
  effortText,
  failedChecksText,
  gateExplanation,
  gateSentence,
  gateStatus,
  sideTitle,
} from './outcomes.ts';
import { renderShiftPlot } from './shift-plot.ts';
import { renderTrialPanels } from './trial-panels.ts';

/** A plan that is longer than this is in `result.json`. */
const MOST_PLAN = 40_000;

/**
 * Renders the report of a gate: one file that opens from disk, asks nobody for anything, and works without
 * JavaScript.
 *
 * @param result as in `result.json`
 * @returns the whole HTML document, at most 400 KB for usual gates
 */
export function renderGateHtml(result: GateResult): string {
  const alone = result.evidence === 'baseline';
  const forests = renderForests(result);
  const panels = renderTrialPanels(result);
  const shift = renderShiftPlot(result);
  const body = [
    renderVerdict(result),
    renderNotes(result),
    renderMeasureTable(result),
    renderGuards(result),
    section(
      'forest',
      'How sure that is',
      'Each mark is the estimate, its line the interval that holds the truth in 95 of 100 cases. Right of the middle is worse.',
      (forests || '<p class="sub">No change could be estimated.</p>') + renderUnjudged(result),
    ),
    section(
      'pair-by-pair',
      alone ? 'Trial by trial' : 'Pair by pair',
      `${alone ? 'Each trial against the median of the baseline' : 'Candidate against base in each pair'}, in the order in which they were run. A slope means that the machine changed meanwhile.`,
      panels
        ? panels.markup + folded('The same as a table', panels.table)
        : '<p class="sub">No trial has a known value.</p>',
    ),
    section(
      'range',
      'Where in the percentile range',
      'The same share of requests on both sides. A change of the code moves the middle; a queue or a lost cache moves the tail.',
      shift
        ? shift.markup + folded('The same as a table', shift.table, false)
        : `<p class="sub">${alone ? 'A stored baseline keeps no latency to compare with: it would be another machine’s.' : 'Too few pairs have latencies.'}</p>`,
    ),
    section('sides', 'What was compared', '', renderSides(result)),
    section('again', 'Again, or accept', '', renderCommands(result)),
    section('setting', 'Where and how', '', renderSetting(result)),
    folded('The trials', renderTrials(result)),
    renderPlan(result),
    esc`<footer>Cachequake ${result.cachequakeVersion}, result schema ${result.schemaVersion}. This page is complete in itself and asks nobody for anything.</footer>`,
  ].join('\n');
  return renderPage({
    title: `${gateStatus(result).word}: gate ${result.plan.profile.id}, ${result.plan.label}`,
    top: {
      left: 'gate',
      middle: `${result.plan.profile.id} · ${result.plan.label} · ${effortText(result)}`,
      right: `${result.startedAt.slice(0, 16).replace('T', ' ')} UTC · seed ${result.plan.seed}`,
    },
    body,
    data: { stacks: [...(panels ? [panels.data] : []), ...(shift ? [shift.data] : [])] },
    version: result.cachequakeVersion,
  });
}

function renderVerdict(result: GateResult): string {
  const { status, word, mark } = gateStatus(result);
  return esc`<h1 id="verdict"><span class="v ${status}">${mark} ${word}</span> ${gateSentence(result)}</h1><p class="sub"><b>${sideTitle(result, 'candidate')}</b> against <b>${sideTitle(result, 'base')}</b>. ${gateExplanation(result)}</p>`;
}

/** What a reader must know before any figure. */
function renderNotes(result: GateResult): string {
  const notes: [string, string][] = [];
  if (result.partial) notes.push(['Interrupted', 'the gate did not reach its end; nothing here counts as passed.']);
  for (const side of ['base', 'candidate'] as const) {
    const text = failedChecksText(result, side);
    if (text !== null) notes.push(['Checks failed', text]);
  }
  for (const guard of brokenGuards(result, false)) notes.push(['Not to be trusted', guard.message]);
  return [
    ...notes.map(([word, text]) => esc`<p class="warn"><b>${word}:</b> ${text}</p>`),
    ...result.environment.notes.map((text) => esc`<p class="note">${text}</p>`),
  ].join('');
}

/** Measures that are missing above, because nothing is claimed of them. */
function renderUnjudged(result: GateResult): string {
  const count = result.measures.filter((measure) => measure.outcome === 'reported').length;
  return count === 0
    ? ''
    : esc`<p class="note">${count} ${count === 1 ? 'measure is' : 'measures are'} not judged and stand in the table alone.</p>`;
}

function renderGuards(result: GateResult): string {
  const broken = result.guards.filter((guard) => !guard.ok).length;
  const head =
    broken === 0
      ? '<li class="s-pass">✓ the comparison can be trusted</li>'
      : `<li class="s-unknown">? ${broken} of ${result.guards.length} guards forbid trust</li>`;
  const items = result.guards.map(
    (guard) =>
      esc`<li!${guard.ok ? '' : ' class="s-unknown"'} id="guard-${slug(guard.id)}">${guard.ok ? '' : '? '}${guard.message}</li>`,
  );
  return `<ul class="strip" id="guards">${head}${items.join('')}</ul>`;
}

function renderCommands(result: GateResult): string {
  const accept =
    result.acceptCommand === null
      ? ''
      : esc`<p class="sub">If the change is meant, accept the candidate as it is:</p><pre id="accept">${result.acceptCommand}</pre>`;
  return esc`<p class="sub">The same pairs again, with the same arrivals and keys:</p><pre id="repeat">${result.repeatCommand}</pre>!${accept}`;
}

function renderPlan(result: GateResult): string {
  const text = JSON.stringify(result.plan, null, 1);
  const shown =
    text.length > MOST_PLAN ? `${text.slice(0, MOST_PLAN)}\n… cut here; the whole plan is in result.json` : text;
  return esc`<details id="plan"><summary>The whole plan of one trial</summary><pre>${shown}</pre></details>`;
}
