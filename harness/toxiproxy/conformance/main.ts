/**
 * `npm run conformance:toxiproxy`: the suite against the server at `TOXIPROXY_URL`, or against an embedded one in a
 * process of its own. A line for each case; exit code 0 only when none failed.
 */
import { EXIT } from '../../contract/errors.ts';
import { startEmbedded } from './embedded.ts';
import { CASES, runCase } from './suite.ts';

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
