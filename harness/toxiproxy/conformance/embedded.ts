/** The embedded server in a process of its own, as the suite meets it: no event loop is shared with the cases. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { HarnessError } from '../../contract/errors.ts';
import { entryPoint } from '../../kit/package-root.ts';

/** Starts it on a free port; it ends with this process at the latest, because its standard input does. */
export async function startEmbedded(): Promise<{ url: string; stop(): Promise<void> }> {
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
