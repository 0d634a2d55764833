/** `cachequake compare`: several stacks under the same seeded traffic, one after the other on one stack of servers. */
import type { Command } from 'commander';
import { HarnessError } from '../../contract/errors.ts';
import { runExperiment } from '../experiment.ts';
import { finish } from '../finish.ts';
import { addSettingFlags, prepare, type Variant } from '../options.ts';
import { typedCommand } from '../typed-command.ts';

const DEFAULT_DEFENCES = 'cache-aside,single-flight,lock-wait,xfetch';

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
      'stacks separated by commas; each is defences joined with +; default: a choice, or cache-aside where others are compared',
    )
    .option('--stock <strategies>', 'stock strategies separated by commas, for profiles that sell')
    .option('-r, --repeats <number>', 'how often each is run, in turn; shows what is chance', Number, 1)
    .option('-o, --out <folder>', 'folder for the result')
    .addHelpText(
      'after',
      `
Examples:
  cachequake compare hot-key
  cachequake compare hot-key --defence cache-aside,xfetch,single-flight+jitter --fault redis-down@5s+3s
  cachequake compare mass-expiry --defence cache-aside,jitter --repeats 3
  cachequake compare flash-sale --stock script,database,ttl-cached
  cachequake compare hot-key,mass-expiry,flash-sale --defence cache-aside,single-flight`,
    );
  addSettingFlags(command).action(async (profileList: string, flags: Record<string, unknown>) => {
    const profiles = split(profileList, '<profiles>');
    const variants = variantsOf(flags);
    if (variants.length < 2)
      throw new HarnessError('USAGE', 'there is only one thing to compare', {
        hint: 'name several, for example --defence cache-aside,xfetch or --write invalidate-after-write,versioned-write',
      });
    const repeats = flags['repeats'] as number;
    if (!Number.isInteger(repeats) || repeats < 1 || repeats > 100)
      throw new HarnessError('BAD_PARAMETER', '--repeats must be a whole number from 1 to 100');
    // Lists are this verb's own; a setting is one name.
    const { store: _store, write: _write, ...settings } = flags;
    const prepared = await prepare(settings);
    const out = flags['out'] as string | undefined;
    await finish(await runExperiment({ prepared, profiles, variants, repeats, command: typedCommand(), out }));
  });
}

/** Every combination of what was named, labelled by what differs between them. */
function variantsOf(flags: Record<string, unknown>): Variant[] {
  const lists = (['defence', 'store', 'write', 'stock'] as const).map((kind) => {
    const text = flags[kind] as string | undefined;
    return { kind, names: text === undefined ? [] : split(text, `--${kind}`) };
  });
  const [defences] = lists;
  if (defences!.names.length === 0)
    defences!.names = lists.some(({ names }) => names.length > 1) ? ['cache-aside'] : DEFAULT_DEFENCES.split(',');
  let variants: Record<string, string>[] = [{}];
  for (const { kind, names } of lists)
    if (names.length > 0) variants = variants.flatMap((one) => names.map((name) => ({ ...one, [kind]: name })));
  const varying = lists.filter(({ names }) => names.length > 1).map(({ kind }) => kind);
  return variants.map((one) => ({
    ...(one as unknown as Variant),
    // A stack of the user's own file is named by its id, which only the plan knows.
    ...(varying.length === 0 || varying.join() === 'defence'
      ? {}
      : { label: varying.map((kind) => one[kind]).join(' / ') }),
  }));
}

/** Names separated by commas, each once. */
function split(text: string, what: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new HarnessError('USAGE', `${what} '${text}' has an empty name`);
  if (new Set(names).size < names.length) throw new HarnessError('USAGE', `${what} '${text}' names something twice`);
  return names;
}
