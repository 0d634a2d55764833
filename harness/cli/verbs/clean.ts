/** `cachequake clean`: takes back what a run that was killed has left: processes, containers, networks, folders. */
import type { Command } from 'commander';

export function addCleanVerb(program: Command): void {
  program
    .command('clean')
    .summary('remove what a killed run left behind')
    .description(
      'Replays the journals of runs whose process is gone: heals faults, stops processes and containers, removes networks and folders. Results are kept.',
    )
    .action(async () => {
      const { cleanLeftovers } = await import('../../environment/clean.ts');
      const counts = await cleanLeftovers((line) => process.stderr.write(`${line}\n`));
      const said = Object.entries(counts).map(([what, count]) => `${String(count)} ${what}`);
      process.stdout.write(`removed: ${said.join(', ')}\n`);
    });
}
