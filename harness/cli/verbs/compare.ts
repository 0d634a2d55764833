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
      'Runs each profile with each stack of defences, with the same arrivals, keys and faults, and compares.',
    )
    .argument('<profiles>', 'profiles separated by commas, by name (see `list profiles`) or file')
    .option('-d, --defence <stacks>', 'stacks separated by commas; each is defences joined with +', DEFAULT)
    .option('-r, --repeats <number>', 'how often each is run, in turn; shows what is chance', Number, 1)
    .option('-o, --out <folder>', 'folder for the result')
    .addHelpText(
      'after',
      `
Examples:
  cachequake compare hot-key
  cachequake compare hot-key --defence cache-aside,xfetch,single-flight+jitter --fault redis-down@5s+3s
  cachequake compare mass-expiry --defence cache-aside,jitter --repeats 3
  cachequake compare hot-key,mass-expiry,flash-sale --defence cache-aside,single-flight`,
    );
  addSettingFlags(command).action(async (profileList: string, flags: Record<string, unknown>) => {
    const profiles = split(profileList, '<profiles>');
    const defences = split(flags['defence'] as string, '--defence');
    if (defences.length < 2)
      throw new HarnessError('USAGE', `--defence '${flags['defence'] as string}' names fewer than two stacks`, {
        hint: 'for example --defence cache-aside,xfetch',
      });
    const repeats = flags['repeats'] as number;
    if (!Number.isInteger(repeats) || repeats < 1 || repeats > 100)
      throw new HarnessError('BAD_PARAMETER', '--repeats must be a whole number from 1 to 100');
    const prepared = await prepare(flags);
    const out = flags['out'] as string | undefined;
    await finish(await runExperiment({ prepared, profiles, defences, repeats, command: typedCommand(), out }));
  });
}

/** Names separated by commas, each once. */
function split(text: string, what: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new HarnessError('USAGE', `${what} '${text}' has an empty name`);
  if (new Set(names).size < names.length) throw new HarnessError('USAGE', `${what} '${text}' names something twice`);
  return names;
}
