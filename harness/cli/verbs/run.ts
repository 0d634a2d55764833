/** `cachequake run`: one profile, one stack of defences, one result. */
import type { Command } from 'commander';
import { addSettingFlags, prepare } from '../options.ts';
import { runExperiment } from '../experiment.ts';
import { finish } from '../finish.ts';
import { typedCommand } from '../typed-command.ts';

export function addRunVerb(program: Command): void {
  const command = program
    .command('run')
    .summary('run one experiment and judge it')
    .description(
      'Runs a profile against one stack of defences, injects the given faults, and writes result and report.',
    )
    .argument('<profile>', 'name of a profile (see `list profiles`) or a file of your own')
    .option(
      '-d, --defence <stack>',
      'a named stack (see `list stacks`), or defences joined with +, by name or file (default: cache-aside)',
    )
    .option('-o, --out <folder>', 'folder for the result')
    .addHelpText(
      'after',
      `
Examples:
  cachequake run hot-key --defence xfetch
  cachequake run hot-key --defence single-flight+lock-stale --fault redis-down@6s+3s --threshold 'during.p99<500ms'
  cachequake run flash-sale --set stock=ttl-cached --set units=200
  cachequake run mass-expiry --defence ./mine.ts+jitter --set keys=5000
  cachequake run hot-key --url http://127.0.0.1:3000/items/{key}`,
    );
  addSettingFlags(command).action(async (profile: string, flags: Record<string, unknown>) => {
    const prepared = await prepare(flags);
    await finish(
      await runExperiment({
        prepared,
        profiles: [profile],
        variants: [{ defence: (flags['defence'] as string | undefined) ?? 'cache-aside' }],
        repeats: 1,
        command: typedCommand(),
        out: flags['out'] as string | undefined,
      }),
    );
  });
}
