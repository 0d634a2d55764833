#!/usr/bin/env node
/**
 * Where the command line begins. Before anything large is loaded, Node is told to keep what it compiles: a run starts
 * half a dozen Node processes, which load the same modules, and starts in half the time when they are compiled once.
 * Nothing here may need what an old Node lacks, so that it can be told so.
 */
import { nodeTooOld } from './node-version.ts';

const tooOld = nodeTooOld(process.versions.node);
if (tooOld === null) {
  const [{ enableCompileCache }, { join }, { workFolder }] = await Promise.all([
    import('node:module'),
    import('node:path'),
    import('../kit/journal.ts'),
  ]);
  try {
    // In the environment, so that the processes that this one starts inherit it.
    enableCompileCache((process.env['NODE_COMPILE_CACHE'] ??= join(workFolder(), 'cache', 'node')));
  } catch {
    // Without it everything works, a little later.
  }
  const { runProgram } = await import('./program.ts');
  await runProgram();
} else {
  process.stderr.write(tooOld);
  process.exitCode = 3;
}
