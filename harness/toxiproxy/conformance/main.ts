/**
 * `npm run conformance:toxiproxy`: the suite against the server at `TOXIPROXY_URL`, or against an embedded one in a
 * process of its own. A line for each case; exit code 0 only when none failed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { EXIT, HarnessError } from '../../contract/errors.ts';
import { entryPoint } from '../../kit/package-root.ts';
import { CASES, runCase } from './suite.ts';

/** Starts the embedded server; it ends with this process, because its standard input does. */
async function startEmbedded(): Promise<{ url: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [entryPoint('harness/toxiproxy/main')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const line = await Promise.race([once(child.stdout, 'data'), exited.then(() => null)]);
  if (line === null) throw new HarnessError('PROXY_FAILED', 'the embedded Toxiproxy ended before it was ready');
  const { port } = JSON.parse(String(line[0])) as { port: number };
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

const given = process.env['TOXIPROXY_URL'];
const embedded = given === undefined || given === '' ? await startEmbedded() : null;
const url = embedded?.url ?? given ?? '';
const counts = { passed: 0, failed: 0, skipped: 0 };
process.stdout.write(`Toxiproxy at ${url}${embedded ? ' (embedded)' : ''}\n`);
try {
  for (const one of CASES) {
    const { status, name, why, ms } = await runCase(one, url);
    counts[status]++;
    process.stdout.write(`${status.padEnd(7)} ${name} (${ms.toFixed(0)} ms)${why ? `: ${why}` : ''}\n`);
  }
} finally {
  await embedded?.stop();
}
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? EXIT.pass : EXIT.failed;
