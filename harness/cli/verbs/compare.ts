/** `cachequake compare`: several stacks under the same seeded traffic, one after the other on one stack of servers. */
import type { Command } from 'commander';
import { HarnessError } from '../../contract/errors.ts';
import { runExperiment } from '../experiment.ts';
import { finish } from '../finish.ts';
import { addSettingFlags, prepare } from '../options.ts';
import { typedCommand } from '../typed-command.ts';

const DEFAULT = 'cache-aside,single-flight,lock-wait,xfetch';

export function addCompareVerb(program: Command): void {
  const command = program
    .command('compare')
    .summary('compare defences on the same seeded traffic')
    .description(
      'Runs a profile once for each stack of defences, with the same arrivals, keys and faults, and compares.',
    )
    .argument('<profile>', 'name of a profile (see `list profiles`) or a file of your own')
    .option('-d, --defence <stacks>', 'stacks separated by commas; each is defences joined with +', DEFAULT)
    .option('-o, --out <folder>', 'folder for the result')
    .addHelpText(
      'after',
      `
Examples:
  cachequake compare hot-key
  cachequake compare hot-key --defence cache-aside,xfetch,single-flight+jitter --fault redis-down@5s+2s
  cachequake compare mass-expiry --defence cache-aside,jitter`,
    );
  addSettingFlags(command).action(async (profile: string, flags: Record<string, unknown>) => {
    const defences = (flags['defence'] as string).split(',').map((text) => text.trim());
    if (defences.length < 2 || defences.includes(''))
      throw new HarnessError('USAGE', `--defence '${flags['defence'] as string}' names fewer than two stacks`, {
        hint: 'for example --defence cache-aside,xfetch',
      });
    if (new Set(defences).size < defences.length) throw new HarnessError('USAGE', 'a stack stands twice in --defence');
    const prepared = await prepare(flags);
    await finish(
      await runExperiment({
        prepared,
        profile,
        defences,
        command: typedCommand(),
        out: flags['out'] as string | undefined,
      }),
    );
  });
}
