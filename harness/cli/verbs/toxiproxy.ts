/** `cachequake toxiproxy`: the embedded Toxiproxy on its own, for any client of Toxiproxy's HTTP API. */
import { type Command, Option } from 'commander';
import { HarnessError } from '../../contract/errors.ts';

export function addToxiproxyVerb(program: Command): void {
  program
    .command('toxiproxy')
    .summary('run the embedded Toxiproxy on its own')
    .addOption(
      new Option('--port <number>', 'port of the HTTP API; 0 for any free one').default(8474).argParser(Number),
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(new Option('--seed <number>', 'seed of toxicity and jitter').default(42).argParser(Number))
    .action(async (flags: { port: number; host: string; seed: number }) => {
      if (!Number.isInteger(flags.port) || flags.port < 0 || flags.port > 65_535)
        throw new HarnessError('BAD_PARAMETER', '--port must be a whole number from 0 to 65535');
      const { startToxiproxy } = await import('../../toxiproxy/server.ts');
      const server = await startToxiproxy(flags);
      process.stdout.write(`Toxiproxy API on ${server.url}\n`);
      await new Promise<void>((resolve) => {
        process.once('SIGINT', resolve);
        process.once('SIGTERM', resolve);
      });
      await server.close();
    });
}
