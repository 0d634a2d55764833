/** `cachequake compare`: several stacks under the same seeded traffic, one after the other on one stack of servers. */
import { type Command, Option } from 'commander';
import { HarnessError } from '../../contract/errors.ts';
import { runExperiment } from '../experiment.ts';
import { finish } from '../finish.ts';
import { addSettingFlags, prepare } from '../options.ts';
import { typedCommand } from '../typed-command.ts';
import { splitNames, variantsOf } from '../variants.ts';

export function addCompareVerb(program: Command): void {
  const command = program
    .command('compare')
    .summary('compare defences on the same seeded traffic')
    .description(
      'Runs each profile with each stack of defences, and each store, write and stock strategy where several are named, with the same arrivals, keys and faults, and compares.',
    )
    .argument('<profiles>', 'profiles separated by commas, by name (see `list profiles`) or file')
    .option(
      '-d, --defence <stacks>',
      'stacks separated by commas; each is a named stack or defences joined with +; default: a choice, or cache-aside where others are compared',
    )
    .option('--stock <strategies>', 'stock strategies separated by commas, for profiles that sell')
    .option(
      '--vary <parameter=values>',
      'parameter with values separated by commas, each compared; may be given several times',
      (text: string, before: string[]) => [...before, text],
      [],
    )
    .option('-r, --repeat <number>', 'how often each is run, in rounds of random order; shows what is chance', Number)
    .addOption(new Option('--repeats <number>').argParser(Number).hideHelp())
    .option(
      '--against <name>',
      'the one that the others are held against where repeats are enough to; default: the first',
    )
    .option(
      '--library <ids>',
      'with `libraries` instead of profiles: cache libraries separated by commas, all by default',
    )
    .option('-o, --out <folder>', 'folder for the result')
    .addHelpText(
      'after',
      `
Examples:
  cachequake compare hot-key
  cachequake compare hot-key --defence cache-aside,xfetch,single-flight+jitter --fault redis-down@5s+3s
  cachequake compare mass-expiry --defence cache-aside,jitter --repeat 8
  cachequake compare hot-key --defence xfetch --vary xfetch.beta=0.5,1,2
  cachequake compare flash-sale --stock script,database,ttl-cached
  cachequake compare hot-key,mass-expiry,flash-sale --defence cache-aside,single-flight
  cachequake compare libraries`,
    );
  addSettingFlags(command).action(async (profileList: string, flags: Record<string, unknown>) => {
    if (profileList === 'libraries') return (await import('../libraries.ts')).compareLibraries(flags);
    if (flags['library'] !== undefined)
      throw new HarnessError('USAGE', '--library goes with `compare libraries`, not with profiles');
    const profiles = splitNames(profileList, '<profiles>');
    // The name it had before.
    const repeats = (flags['repeat'] ?? flags['repeats'] ?? 1) as number;
    if (!Number.isInteger(repeats) || repeats < 1 || repeats > 100)
      throw new HarnessError('BAD_PARAMETER', '--repeat must be a whole number from 1 to 100');
    // Lists are this verb's own; a setting is one name.
    const { store: _store, write: _write, edge: _edge, vary: _vary, ...settings } = flags;
    const prepared = await prepare(settings);
    const variants = variantsOf(flags, prepared.catalogue.target.own);
    const out = flags['out'] as string | undefined;
    const against = flags['against'] as string | undefined;
    const command = typedCommand();
    await finish(await runExperiment({ prepared, profiles, variants, repeats, against, command, out }));
  });
}
