/** `cachequake plan`: explains what would run, and runs nothing. */
import type { Command } from 'commander';
import { explainPlan } from '../../plan/explain.ts';
import { serversOf } from '../../plan/servers.ts';
import { addSettingFlags, prepare } from '../options.ts';

export function addPlanVerb(program: Command): void {
  const command = program
    .command('plan')
    .summary('explain what would run, and run nothing')
    .description(
      'Makes the plan of a run and explains it: traffic, data, faults, prediction, and where each setting came from.',
    )
    .argument('<profile>', 'name of a profile or a file of your own')
    .option(
      '-d, --defence <stack>',
      'a named stack (see `list stacks`), or defences joined with +, by name or file (default: cache-aside)',
    )
    .option('--json', 'the plan as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  cachequake plan hot-key --defence xfetch --set xfetch.beta=2 --set ratePerSec=1000',
    );
  addSettingFlags(command).action(async (profile: string, flags: Record<string, unknown>) => {
    const { plan, settings, catalogue } = await prepare(flags);
    const made = await plan(
      profile,
      { defence: (flags['defence'] as string | undefined) ?? 'cache-aside' },
      settings.env === 'auto' ? 'local' : settings.env,
    );
    if (settings.env !== 'auto') {
      const { refuseMissingServers } = await import('../../environment/missing-servers.ts');
      const wanted = { servers: serversOf([made], catalogue.stores), edge: made.edge !== null };
      await refuseMissingServers(settings.env, wanted, settings);
    }
    const note =
      settings.env === 'auto'
        ? '\nenvironment auto: docker where an engine answers, otherwise local; `cachequake doctor` tells which\n'
        : '';
    process.stdout.write(flags['json'] ? `${JSON.stringify(made, null, 2)}\n` : `${explainPlan(made)}\n${note}`);
  });
}
