/** The tables of a gate: what was found of each measure, what was compared, and where and how it ran. */
import { html as esc } from 'ghtml';
import { isDisturbed } from '../../harness/contract/gate.ts';
import type { GateResult, MeasureDecision } from '../../harness/contract/gate.ts';
import { milliseconds, number, withUnit } from '../model/format.ts';
import { placeRows } from '../html/run-tables.ts';
import { renderTable, slug } from '../html/table.ts';
import type { Cell } from '../html/table.ts';
import {
  allowedText,
  effectText,
  effortText,
  intervalText,
  mattersFirst,
  OUTCOMES,
  seenText,
  shortTitle,
} from './outcomes.ts';

/** A row for each measure, those that matter first. */
export function renderMeasureTable(result: GateResult): string {
  if (result.measures.length === 0) return '<p class="warn"><b>Nothing was judged:</b> this gate has no measures.</p>';
  const percentage = (measure: MeasureDecision, value: number | null): number | null =>
    value === null ? null : value * (measure.scale === 'ratio' ? 100 : 1);
  return renderTable({
    id: 'measures',
    caption: `What changed, those that matter first: ${effortText(result)}. Differences are told so that plus is worse.`,
    columns: [
      { label: 'Measure' },
      { label: 'Outcome' },
      { label: 'Base' },
      { label: 'Candidate' },
      { label: 'Difference' },
      { label: '95 % interval' },
      { label: 'Allowed' },
      { label: 'Could have seen', sub: 'in 95 of 100 cases' },
      { label: result.evidence === 'baseline' ? 'Trials' : 'Pairs' },
    ],
    rows: mattersFirst(result.measures).map((measure) => {
      const { mark, word, status } = OUTCOMES[measure.outcome];
      const outcome: Cell = { text: `${mark} ${word}`, ...(status && { class: `s-${status}` }) };
      if (measure.outcome === 'regressed' && measure.adjustedP !== null)
        outcome.small = measure.adjustedP < 0.001 ? 'p < 0.001' : `p = ${Number(measure.adjustedP.toPrecision(2))}`;
      return {
        id: `measure-${slug(measure.id)}`,
        cells: [
          { text: shortTitle(measure), small: reasonOf(measure), class: 'why' },
          outcome,
          { text: withUnit(measure.base, measure.unit), exact: measure.base },
          { text: withUnit(measure.candidate, measure.unit), exact: measure.candidate },
          { text: effectText(measure, measure.effect), exact: percentage(measure, measure.effect) },
          intervalText(measure),
          { text: allowedText(measure), exact: percentage(measure, measure.tolerance) },
          {
            text: seenText(measure),
            exact: percentage(measure, measure.smallestDetectable),
            ...(measure.outcome !== 'reported' &&
              (measure.smallestDetectable ?? 0) > measure.tolerance && { small: 'more than is allowed', off: true }),
          },
          String(measure.n),
        ],
      };
    }),
  });
}

/** What the measure is, where its name has more, and why it came out so. */
function reasonOf(measure: MeasureDecision): string {
  const rest = measure.title.slice(shortTitle(measure).length + 2);
  return [rest, measure.why]
    .filter(Boolean)
    .map((text) => text[0]!.toUpperCase() + text.slice(1))
    .join('. ');
}

/** The two sides, by what a person called them and by commit. */
export function renderSides(result: GateResult): string {
  const { baseline } = result;
  const rows: [string, string, string][] = result.sides.map((side) => [side.name, side.title, side.commit ?? '–']);
  if (baseline)
    rows.unshift([
      'base',
      `${baseline.file}, accepted ${baseline.acceptedAt.slice(0, 16).replace('T', ' ')} UTC on ${baseline.sameMachine ? 'this machine' : 'another machine'}`,
      baseline.commit ?? '–',
    ]);
  return renderTable({
    id: 'sides-table',
    caption: 'What was compared',
    columns: [{ label: 'Side' }, { label: 'What it is', text: true }, { label: 'Commit', text: true }],
    rows: rows.map(([name, title, commit]) => ({
      id: `side-${name}`,
      cells: [name, { text: title, class: 'wide' }, { text: commit, code: commit !== '–' }],
    })),
    sortable: false,
  });
}

/** Everything that a second person needs to judge how far the result holds. */
export function renderSetting(result: GateResult): string {
  const { environment, plan, rules } = result;
  const lags = result.trials.flatMap((trial) => trial.generatorLagP99Ms ?? []);
  const stolen = result.trials.flatMap((trial) => trial.stolenCpuShare ?? []);
  const pairs: [string, string][] = [
    ['Gate', `${result.runId}, ${result.startedAt} to ${result.finishedAt}`],
    [
      'Evidence',
      result.evidence === 'baseline'
        ? 'counts against a stored baseline; times are shown and never judged'
        : `side by side, ${result.design ?? ''} pairs${result.design === 'duet' ? ': both at once, each with half the rate' : ', the order within a pair drawn at random'}`,
    ],
    [
      'Rules',
      `error rate ${number(rules.alpha * 100)} % over all measures together, looks after ${number(rules.firstLook)} and ${number(rules.lastLook)} ${result.evidence === 'baseline' ? 'trials' : 'pairs'}: what is clear ends it at the first`,
    ],
    ['Seed', String(plan.seed)],
    ...placeRows(environment),
    ['Generator lag', lags.length === 0 ? 'not told' : `p99 at most ${milliseconds(Math.max(...lags))} in any trial`],
    [
      'Stolen CPU',
      stolen.length === 0
        ? 'not told'
        : `at most ${number(Number((Math.max(...stolen) * 100).toPrecision(2)))} % in any trial`,
    ],
  ];
  return `<dl class="pairs">${pairs.map(([name, value]) => esc`<dt>${name}</dt><dd>${value}</dd>`).join('')}</dl>`;
}

/** Every trial, with what made it invalid. */
export function renderTrials(result: GateResult): string {
  return renderTable({
    id: 'trials',
    caption: 'The trials, in the order in which they began',
    tall: true,
    columns: [
      { label: 'Began', sub: 'UTC' },
      { label: 'Pair' },
      { label: 'Side', text: true },
      { label: 'Requests' },
      { label: 'Seed' },
      { label: 'Lag p99', sub: 'ms' },
      { label: 'Stolen CPU', sub: '%' },
      { label: 'Trouble', text: true },
    ],
    rows: result.trials
      .toSorted((a, b) => a.startedAt.localeCompare(b.startedAt) || a.position - b.position)
      .map((trial) => ({
        cells: [
          trial.startedAt.slice(11, 19),
          `${trial.purpose === 'noise' ? 'noise ' : ''}${trial.pair + 1}`,
          trial.side,
          { text: trial.requests.toLocaleString('en-US'), exact: trial.requests },
          String(trial.seed),
          trial.generatorLagP99Ms === null ? '–' : number(trial.generatorLagP99Ms),
          trial.stolenCpuShare === null ? '–' : number(Number((trial.stolenCpuShare * 100).toPrecision(2))),
          {
            text: [
              ...trial.invalid,
              ...trial.timesInvalid,
              ...(result.evidence === 'side-by-side' && isDisturbed(trial) ? ['a burst of stolen CPU time'] : []),
              ...trial.failedChecks.map((check) => `check ${check} failed`),
            ].join('; '),
            class: 'wide',
          },
        ],
      })),
  });
}
