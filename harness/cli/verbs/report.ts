/** `cachequake report`: renders the outputs again from a result alone. */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { finish } from '../finish.ts';
import { makeOutputFolder } from '../output-folder.ts';

export function addReportVerb(program: Command): void {
  program
    .command('report')
    .summary('render report and summaries again from a result')
    .argument('<result>', 'a result.json, or the folder that holds it')
    .option('-o, --out <folder>', 'folder to write to instead of the result’s own')
    .addHelpText('after', '\nExample:\n  cachequake report reports/runs/latest')
    .action(async (path: string, flags: { out?: string }) => {
      const [{ readStored }, { writeOutputs }] = await Promise.all([
        import('../../results/read.ts'),
        import('../write-outputs.ts'),
      ]);
      const result = await readStored(resolve(path));
      const own = statSync(path).isDirectory() ? resolve(path) : dirname(resolve(path));
      const folder = flags.out ? makeOutputFolder(result.runId, flags.out) : own;
      await writeOutputs(result, folder);
      await finish({ result, folder, exitCode: 0 });
    });
}
