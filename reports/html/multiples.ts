/** Small multiples: one panel per contender with the database's queries per second, all on one scale and one time axis. */
import type { Scenario } from '../model/comparison.ts';
import { contenderFinding } from '../model/comparison-findings.ts';
import { number, seconds } from '../model/format.ts';
import { mostDifferent } from '../model/selection.ts';
import { sampleAt, seriesById, thin, timelineOf } from '../model/timeline.ts';
import { eventsOf, renderBands, renderEvents } from './events.ts';
import { LINE_LOOKS } from './looks.ts';
import { renderPlot } from './plot.ts';
import { amountAxis, timeAxis } from './scales.ts';
import { renderTable, slug } from './table.ts';
import type { StackColumn } from './time-stack.ts';

/** Columns of the drawing and steps of the table; less than for one run, because there are many of them. */
const COLUMNS = 200;
/** More panels than this nobody compares. */
const MOST_PANELS = 8;

export interface Multiples {
  /** How many contenders have a panel. */
  drawn: number;
  markup: string;
  table: string;
  data: { id: string; x: number[]; durationMs: number; columns: StackColumn[] };
}

/** Draws a scenario's multiples; null where no run observed the database. With repeats the first usable one is drawn. */
export function renderMultiples(scenario: Scenario, id: string): Multiples | null {
  const shown = mostDifferent(scenario, MOST_PANELS).flatMap((contender, i) => {
    const run = contender.usable[0] ?? contender.runs[0];
    const line = run && seriesById(run, 'db.queriesPerSec');
    return run && line
      ? [{ contender, run, line, timeline: timelineOf(run), look: LINE_LOOKS[i % LINE_LOOKS.length]! }]
      : [];
  });
  if (shown.length === 0) return null;
  const height = 84;
  const durationMs = Math.max(...shown.map((s) => s.timeline.durationMs));
  const time = timeAxis(durationMs);
  const max = shown.reduce((most, s) => s.line.values.reduce<number>((m, v) => Math.max(m, v ?? 0), most), 1);
  const axis = amountAxis(max, height);
  const panels = shown.map((s, i) => {
    const events = eventsOf(s.run, s.timeline);
    const plot = renderPlot({
      id: `${id}-${i + 1}-${slug(s.contender.name)}`,
      title: s.contender.name,
      finding: contenderFinding(s.contender, scenario),
      heightPx: height,
      yTicks: axis.ticks,
      xTicks: time.ticks,
      xLabels: i === shown.length - 1,
      back: renderBands(events, time),
      lines: [
        {
          label: i === 0 ? 'queries/s' : '',
          colour: s.look.colour,
          areaTo: height,
          points: thin(s.line, COLUMNS).tMs.map((t, k) => {
            const value = thin(s.line, COLUMNS).values[k] ?? null;
            return [time.at(t), value === null ? null : axis.at(value)];
          }),
        },
      ],
    });
    return (
      (i === 0
        ? renderEvents(
            {
              ...events,
              marks: events.marks.filter(
                (m) => m.label === 'healed' || events.bands.some((b) => m.label.startsWith(b.label)),
              ),
            },
            time,
          )
        : '') + plot
    );
  });
  const steps = Array.from({ length: COLUMNS }, (_, k) => ((k + 0.5) * durationMs) / COLUMNS);
  const columns: StackColumn[] = shown.map((s, i) => ({
    panel: `${id}-${i + 1}-${slug(s.contender.name)}`,
    label: s.contender.name,
    unit: '/s',
    values: sampleAt(s.line, steps, Math.max(1000, durationMs / COLUMNS)),
  }));
  return {
    drawn: shown.length,
    markup: `<div class="box stack" id="${id}">${panels.join('\n')}</div>`,
    table: renderTable({
      id: `${id}-data`,
      caption: 'Database queries per second at the sample nearest to each time',
      tall: true,
      columns: [{ label: 'Time', sub: 's' }, ...columns.map((c) => ({ label: c.label, sub: '/s' }))],
      rows: steps.map((t, k) => ({
        cells: [seconds(t), ...columns.map((c) => (c.values[k] === null ? '–' : number(c.values[k])))],
      })),
    }),
    data: { id, x: steps.map((t) => Number(time.at(t).toFixed(1))), durationMs, columns },
  };
}
