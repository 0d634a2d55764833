/** Starts a bench's server in a process of its own and stops it with the block that it is used in. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface BenchServer extends AsyncDisposable {
  url: string;
  port: number;
}

/**
 * @param name the server's file in this folder, without its ending
 * @param args words of its command line
 */
export async function startServer(
  name: 'bare' | 'pipe' | 'stalling' | 'trivial',
  args: readonly string[] = [],
): Promise<BenchServer> {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const died = once(child, 'exit').then(() => {
    throw new Error(`the bench server '${name}' ended before it was ready`);
  });
  died.catch(() => {});
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), died])) as [string];
  const { port } = JSON.parse(line) as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
