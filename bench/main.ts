/**
 * `npm run bench -- load fidelity proxy startup prediction simulate`: ratios measured side by side in one run, printed, and
 * written to `reports/runs/bench-*.json`. Without names all of them run. `npm run bench -- gate …` validates the gate: it
 * takes options of its own, and so long that it runs only where it is named.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import { EXIT, HarnessError } from '../harness/contract/errors.ts';
import { packageRoot } from '../harness/kit/package-root.ts';
import { unknownName } from '../harness/kit/suggest.ts';
import { benchEviction } from './eviction.ts';
import { benchFidelity } from './fidelity.ts';
import { benchLoad } from './load.ts';
import { benchPrediction } from './prediction.ts';
import { benchProxy } from './proxy.ts';
import type { BenchResult } from './result.ts';
import { benchSimulate } from './simulate.ts';
import { benchStartup } from './startup.ts';
import { benchXfetchRedisconf } from './xfetch-redisconf.ts';

const BENCHES: Readonly<Record<string, () => Promise<BenchResult>>> = {
  load: benchLoad,
  fidelity: benchFidelity,
  proxy: benchProxy,
  startup: benchStartup,
  prediction: benchPrediction,
  eviction: benchEviction,
  'xfetch-redisconf': benchXfetchRedisconf,
  simulate: benchSimulate,
};

const asked = process.argv.slice(2);
try {
  // Loaded where it is named: it brings the whole harness with it.
  if (asked[0] === 'gate') await (await import('./gate/command.ts')).benchGate(asked.slice(1));
  else await runBenches();
} catch (error) {
  if (!(error instanceof HarnessError)) throw error;
  process.stderr.write(`error ${error.message}\n${error.hint ? `hint  ${error.hint}\n` : ''}`);
  process.exitCode = error.exitCode;
}

async function runBenches(): Promise<void> {
  for (const name of asked) if (!BENCHES[name]) throw unknownName('bench', name, [...Object.keys(BENCHES), 'gate']);
  for (const name of asked.length > 0 ? asked : Object.keys(BENCHES)) {
    process.stderr.write(`bench ${name} …\n`);
    const result = await BENCHES[name]!();
    const folder = join(packageRoot, 'reports', 'runs');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `bench-${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
    print(result);
    if (result.goals.some((goal) => !goal.met)) process.exitCode = EXIT.failed;
  }
}

function print(result: BenchResult): void {
  const columns = [...new Set(result.rows.flatMap((row) => Object.keys(row)))];
  const table = new Table({ head: columns, style: { head: [], border: [] } });
  for (const row of result.rows) table.push(columns.map((column) => String(row[column] ?? '')));
  const goals = result.goals.map((goal) => `${goal.met ? '✓' : '✕ missed'} ${goal.goal}: ${goal.measured}`);
  process.stdout.write(
    `\n${result.title}\n${result.machine.cores} cores, ${result.machine.cpuModel}, Node ${result.machine.node}\n${table.toString()}\n${goals.join('\n')}\n`,
  );
}
