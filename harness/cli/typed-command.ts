/** The command as it was typed, for results and reports: it repeats the run. Passwords are redacted. */
import { redact } from '../kit/redact.ts';

/** `cachequake run hot-key --set keys=10`, quoted for a shell where needed. */
export function typedCommand(argv: readonly string[] = process.argv.slice(2)): string {
  return redact(
    ['cachequake', ...argv]
      .map((part) => (/^[\w@%+=:,./-]+$/.test(part) ? part : `'${part.replaceAll("'", `'\\''`)}'`))
      .join(' '),
  );
}
