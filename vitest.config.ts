import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { workFolder } from './harness/kit/journal.ts';

const results = process.env['CACHEQUAKE_TEST_RESULTS'];

/** Tests that start servers, but measure nothing that a neighbour on the machine could change. */
const TOGETHER = [
  'harness/cli/{bad-input,gate,history,new}.int.test.ts',
  'reports/**/*.int.test.ts',
  'scripts/*.int.test.ts',
  'targets/{libraries,stock,stores,workloads}/*.int.test.ts',
];

/** Many small tests on the real clock, which wait and do next to nothing. */
const WAITING = ['targets/defences.int.test.ts'];

/**
 * Unit tests run side by side; tests that start servers (`*.int.test.ts`) after them, first those that do not mind a
 * neighbour, two files at a time, then those that mostly wait, many at a time, then the others one file at a time, and
 * within a file two at a time where it says so (`test.concurrent`): what is counted there must not depend on the clock.
 */
export default defineConfig({
  test: {
    // As the command line sets it: each of the many processes that tests start would compile the same code again.
    env: { NODE_COMPILE_CACHE: join(workFolder(), 'cache', 'node') },
    reporters: results ? ['default', ['json', { outputFile: results }]] : ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{harness,targets,profiles,reports,bench,scripts}/**/*.test.ts'],
          exclude: ['**/*.int.test.ts', 'reports/runs/**', 'node_modules/**'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'together',
          include: TOGETHER,
          exclude: ['reports/runs/**', 'node_modules/**'],
          // Twice of what they take alone.
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers: 2,
          maxConcurrency: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'waiting',
          include: WAITING,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          maxConcurrency: 8,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{harness,targets,profiles,reports,bench,scripts}/**/*.int.test.ts'],
          exclude: [...TOGETHER, ...WAITING, 'reports/runs/**', 'node_modules/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // Within a file, tests that mostly wait for their own load may say that they do not mind a neighbour.
          maxConcurrency: 2,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
