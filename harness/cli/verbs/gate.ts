/** `cachequake gate`: has a change made the service worse? */
import type { Command } from 'commander';
import { finish, tellGithub } from '../finish.ts';
import { addGateFlags } from '../gate-flags.ts';
import { addSettingFlags } from '../options.ts';

export function addGateVerb(program: Command): void {
  const command = program
    .command('gate')
    .summary('judge a change of your service: pass, regressed or undecided')
    .description(
      'Judges a change by two kinds of evidence, kept apart. Times depend on the machine: with --base, base and candidate ' +
        'are compared side by side in one job, in pairs of trials under the same traffic, until the decision is clear or the ' +
        'budget is spent. Counts (database queries, Redis commands, hit ratio) hardly do: with --baseline, they are compared ' +
        'with a small file that lives in your repository. The service is the one that the config describes (`new config`).',
    )
    .argument('<profile>', 'name of a profile (see `list profiles`) or a file of your own')
    .option(
      '-d, --defence <stack>',
      'for the reference shop: a named stack, or defences joined with + (default: cache-aside)',
    )
    .option('-o, --out <folder>', 'folder for the result')
    .addHelpText(
      'after',
      `
A version of a git ref is checked out beside the repository and built there by the command of --build, or gate.build in
the config; the candidate is the working folder as it is, built by you, unless --candidate names another.
git:<ref>, command:<command line> and image:<name> say which is meant where it could be taken for another.

Examples:
  cachequake gate product-page --base origin/main --build 'npm ci'
  cachequake gate hot-key --base 'node old/server.js' --candidate 'node new/server.js' --budget 5m
  cachequake gate hot-key --base image:shop:1.4 --candidate image:shop:1.5 --tolerance p99=15%
  cachequake gate hot-key --baseline perf/hot-key.json --accept
  cachequake gate hot-key --baseline perf/hot-key.json
  cachequake gate hot-key --self-test --design alternating

Exit codes: 0 pass, 99 regressed, 4 undecided or invalid, 2 usage, 3 environment, 130 interrupted.`,
    );
  addGateFlags(command);
  addSettingFlags(command).action(async (profile: string, flags: Record<string, unknown>) => {
    const { runGate } = await import('../gate-experiment.ts');
    const { outcome, folder, exitCode, accepted } = await runGate({
      profile,
      defence: flags['defence'] as string | undefined,
      flags,
      out: flags['out'] as string | undefined,
    });
    if (outcome === null) {
      process.stdout.write(`${accepted.join('\n')}\n`);
      process.exitCode = exitCode;
      return;
    }
    await finish({ result: outcome.result, folder, exitCode });
    await tellGithub(outcome.result);
  });
}
