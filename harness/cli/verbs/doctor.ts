/** `cachequake doctor`: what this machine can do, which environment `auto` would take, and why not the other. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { EXIT } from '../../contract/errors.ts';
import { addSettingFlags, prepare } from '../options.ts';

export function addDoctorVerb(program: Command): void {
  const command = program.command('doctor').summary('say what this machine can run, and what is missing');
  addSettingFlags(command).action(async (flags: Record<string, unknown>) => {
    const { settings } = await prepare(flags);
    const { diagnose } = await import('../../environment/doctor.ts');
    const findings = await diagnose(settings);
    for (const finding of findings) {
      process.stdout.write(
        `${finding.ok ? pc.green('✓ ok     ') : finding.optional ? pc.dim('– missing') : pc.yellow('✕ missing')}  ${finding.name}: ${finding.detail}\n`,
      );
      if (finding.hint) process.stdout.write(`             ${finding.hint}\n`);
    }
    const usable = findings.some((f) => f.ok && f.name.startsWith('environment'));
    process.exitCode = usable ? EXIT.pass : EXIT.environment;
  });
}
