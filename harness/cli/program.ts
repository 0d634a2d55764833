/** The command line: one file per verb under `verbs/`. Results go to stdout, progress and errors to stderr. */
import { Command, CommanderError } from 'commander';
import pc from 'picocolors';
import { EXIT, HarnessError } from '../contract/errors.ts';
import { packageVersion } from '../kit/package-root.ts';
import { redact } from '../kit/redact.ts';
import { addCleanVerb } from './verbs/clean.ts';
import { addCompareVerb } from './verbs/compare.ts';
import { addDoctorVerb } from './verbs/doctor.ts';
import { addGateVerb } from './verbs/gate.ts';
import { addHistoryVerb } from './verbs/history.ts';
import { addListVerb } from './verbs/list.ts';
import { addNewVerb } from './verbs/new.ts';
import { addPlanVerb } from './verbs/plan.ts';
import { addReportVerb } from './verbs/report.ts';
import { addRunVerb } from './verbs/run.ts';
import { addSimulateVerb } from './verbs/simulate.ts';
import { addToxiproxyVerb } from './verbs/toxiproxy.ts';

const program = new Command('cachequake')
  .description('Shake your cache before your users do: load, faults and a verdict for caches.')
  .version(packageVersion())
  .showSuggestionAfterError()
  .showHelpAfterError('(add --help for what there is)')
  .configureHelp({ helpWidth: Math.min(process.stdout.columns ?? 110, 130) })
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  cachequake compare hot-key --fault redis-down@5s+3s
  cachequake run mass-expiry --defence jitter --threshold 'db.peakRate<200/s'
  cachequake list profiles --verbose

Exit codes: 0 pass, 1 internal, 2 usage or config, 3 environment, 4 invalid or undecided, 99 a threshold or check
failed, 130 interrupted.`,
  );
for (const add of [
  addRunVerb,
  addCompareVerb,
  addGateVerb,
  addReportVerb,
  addHistoryVerb,
  addSimulateVerb,
  addPlanVerb,
  addNewVerb,
  addListVerb,
  addDoctorVerb,
  addCleanVerb,
  addToxiproxyVerb,
])
  add(program);
for (const verb of program.commands) verb.exitOverride();

/** Parses what was typed, runs the verb and sets the exit code. */
export async function runProgram(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = explain(error);
  }
}

/** Writes what went wrong and how to mend it; returns the exit code. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.pass : EXIT.usage;
  if (error instanceof HarnessError) {
    process.stderr.write(
      redact(`${pc.red('error')} ${error.message}\n${error.hint ? `${pc.dim('hint')}  ${error.hint}\n` : ''}`),
    );
    return error.exitCode;
  }
  process.stderr.write(redact(`${pc.red('internal error')} ${error instanceof Error ? error.stack : String(error)}\n`));
  return EXIT.internal;
}
