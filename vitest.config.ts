import { defineConfig } from 'vitest/config';

const results = process.env['CACHEQUAKE_TEST_RESULTS'];

/**
 * Unit tests run side by side; tests that start servers (`*.int.test.ts`) run one file at a time after them, and within
 * a file two at a time where it says so (`test.concurrent`): what is counted there must not depend on the clock.
 */
export default defineConfig({
  test: {
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
          name: 'integration',
          include: ['{harness,targets,profiles,reports,bench,scripts}/**/*.int.test.ts'],
          exclude: ['reports/runs/**', 'node_modules/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // Within a file, tests that mostly wait for their own load may say that they do not mind a neighbour.
          maxConcurrency: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
