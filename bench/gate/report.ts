/** The measured part of the validation page: every table, in one text, from recordings and whole gates. */
import { markdownTable } from './page.ts';
import type { SeriesAnalysis } from './analyse.ts';
import { changeNamed } from './changes.ts';
import { minutesText, NOT_YET, shareText } from './format.ts';
import { goalRows } from './goals.ts';
import { quantile } from '../../harness/stats/quantile.ts';
import {
  designTable,
  levelsTable,
  noiseTable,
  powerTable,
  recordedTable,
  rulesText,
  sameTable,
  shiftTable,
  uniformityTable,
} from './tables.ts';
import { share } from './tally.ts';
import type { WholeGate } from './whole-file.ts';

/** At this rate hardly a request meets another, and what is measured is the service's own time. */
const UNLOADED_PER_SEC = 50;

/** @param from when is the day on which the tables are made, `2026-01-31`; folder where the recordings lie */
export function measuredPart(
  every: readonly SeriesAnalysis[],
  gates: readonly WholeGate[],
  from: { when: string; folder: string },
): string {
  const unloaded = every.filter(({ series }) => series.settings.ratePerSec <= UNLOADED_PER_SEC);
  const all = every.filter((one) => !unloaded.includes(one));
  if (every.length === 0 && gates.length === 0) return `Nothing is recorded yet (${from.when}).`;
  const goals = goalRows(all, gates);
  return [
    `Tables made on ${from.when} with \`npm run bench -- gate report\` from the files in \`${from.folder}\`. ${every[0] ? rulesText(every[0]) : ''}`,
    '### Goals',
    markdownTable(
      ['goal', 'series', 'measured', 'met', 'missed by'],
      goals.map(({ goal, series, measured, met, missedBy }) => [
        goal,
        series,
        measured,
        met === null ? '' : met ? 'yes' : 'no',
        missedBy,
      ]),
    ),
    '### What was recorded',
    recordedTable(every),
    'Planted shares are shares of these, measured of the base before anything was planted:',
    levelsTable(every),
    '### What the planted service time is, unloaded',
    shiftTable(unloaded),
    '### False alarms: the base against itself',
    sameTable(all),
    '### Power: planted changes',
    powerTable(all),
    '### Whole gates',
    gatesTable(gates),
    '### Noise',
    noiseTable(all),
    '### Which design for which measure',
    designTable(all),
    '### p-values where nothing was changed',
    uniformityTable(all),
  ].join('\n\n');
}

function gatesTable(gates: readonly WholeGate[]): string {
  if (gates.length === 0) return NOT_YET;
  return markdownTable(
    [
      'planted change',
      'series',
      'gates',
      'regressed (95 % bars)',
      'pass, undecided',
      'named by',
      'minutes: median, worst',
    ],
    [...Map.groupBy(gates, ({ change, series }) => `${change} ${series}`).values()].map((of) => {
      const count = (status: WholeGate['status']): number => of.filter((gate) => gate.status === status).length;
      const minutes = of.map((gate) => gate.minutes);
      const named = [
        ...Map.groupBy(
          of.flatMap(({ regressed }) => regressed),
          (id) => id,
        ),
      ];
      return [
        changeNamed(of[0]!.change).title,
        of[0]!.series,
        String(of.length),
        shareText(share(count('regressed'), of.length)),
        `${count('pass')}, ${count('undecided')}`,
        named.map(([id, times]) => `${id} ${times.length}`).join(', ') || 'none',
        minutesText({ median: quantile(minutes, 0.5)!, worst: Math.max(...minutes) }),
      ];
    }),
  );
}
