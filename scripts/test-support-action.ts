/**
 * Runs the shell of `action.yml` as GitHub's runner does: inputs with their defaults, expressions in `env`, `if` and
 * outputs, one bash for each step with the runner's flags and files. Steps that use other actions are not run; what
 * they would have been given is told. An expression that names something undeclared is an error.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { packageRoot } from '../harness/kit/package-root.ts';
import { type Finished, runIn } from './test-support.ts';

interface Step {
  id?: string;
  name: string;
  if?: string;
  uses?: string;
  with?: Record<string, string>;
  run?: string;
  shell?: string;
  env?: Record<string, string>;
  'working-directory'?: string;
}

export interface Action {
  inputs: Record<string, { description: string; default: string }>;
  outputs: Record<string, { value: string }>;
  runs: { using: string; steps: Step[] };
}

export interface ActionRun {
  /** Of the step that failed; 0 where none did. */
  code: number | null;
  outputs: Record<string, string>;
  /** What other actions would have been given. */
  used: Record<string, Record<string, string>>;
  summary: string;
  log: string;
}

export function readAction(): Action {
  return parse(readFileSync(join(packageRoot, 'action.yml'), 'utf8')) as Action;
}

/**
 * @param folder of this run; gets the runner's temporary folder and files
 * @param workspace where the repository is checked out
 */
export async function runAction(
  folder: string,
  workspace: string,
  given: Record<string, string>,
  env: Record<string, string>,
): Promise<ActionRun> {
  const action = readAction();
  const inputs = Object.fromEntries(Object.entries(action.inputs).map(([name, input]) => [name, input.default]));
  for (const name of Object.keys(given)) if (!(name in inputs)) throw new Error(`the action has no input ${name}`);
  const steps: Record<string, Record<string, string>> = {};
  const value = (path: string): string => {
    const [kind, name = '', section, output = ''] = path.split('.');
    if (kind === 'inputs' && section === undefined) {
      const input = given[name] ?? inputs[name];
      if (input !== undefined) return input;
    }
    // A step that has not run, or was cut off, has no outputs: the runner gives an empty text.
    const declared = action.runs.steps.find((step) => step.id === name);
    if (kind === 'steps' && section === 'outputs' && declared?.run?.includes(`${output}=`))
      return steps[name]?.[output] ?? '';
    throw new Error(`${path} is declared nowhere`);
  };
  const fill = (text: string): string => text.replace(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (_, path: string) => value(path));

  const temporary = join(folder, 'runner');
  mkdirSync(temporary, { recursive: true });
  const summary = join(folder, 'summary.md');
  writeFileSync(summary, '');
  const run: ActionRun = { code: 0, outputs: {}, used: {}, summary: '', log: '' };
  for (const [number, step] of action.runs.steps.entries()) {
    if (!holds(step.if ?? '', run.code !== 0, value)) continue;
    if (step.uses !== undefined) {
      run.used[step.uses] = mapValues(step.with ?? {}, fill);
      continue;
    }
    if (step.shell !== 'bash' || step.run === undefined) throw new Error(`${step.name}: bash steps must say so`);
    const script = join(folder, `step-${number}.sh`);
    const output = join(folder, `output-${number}`);
    writeFileSync(script, step.run);
    writeFileSync(output, '');
    const cwd = join(workspace, fill(step['working-directory'] ?? '.'));
    const finished = await runIn(cwd, 'bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      ...env,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: workspace,
      GITHUB_ACTION_PATH: packageRoot,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      RUNNER_TEMP: temporary,
      ...mapValues(step.env ?? {}, fill),
    });
    note(run, finished);
    if (step.id !== undefined)
      steps[step.id] = Object.fromEntries(
        readFileSync(output, 'utf8')
          .split('\n')
          .filter((line) => line.includes('='))
          .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );
  }
  run.outputs = mapValues(action.outputs, (output) => fill(output.value));
  run.summary = readFileSync(summary, 'utf8');
  return run;
}

function note(run: ActionRun, finished: Finished): void {
  run.log += finished.stdout + finished.stderr;
  run.code ||= finished.code;
}

/** The conditions that the action uses: `always()` and `name != ''`, joined with `&&`. */
function holds(condition: string, failed: boolean, value: (path: string) => string): boolean {
  const terms = condition.split('&&').map((term) => term.trim());
  if (failed && !terms.includes('always()')) return false;
  return terms.every((term) => {
    if (term === '' || term === 'always()') return true;
    const path = /^([\w.-]+) != ''$/.exec(term)?.[1];
    if (path === undefined) throw new Error(`cannot judge the condition ${term}`);
    return value(path) !== '';
  });
}

function mapValues<T>(record: Readonly<Record<string, T>>, change: (value: T) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, one]) => [name, change(one)]));
}
