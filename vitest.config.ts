import { defineConfig } from 'vitest/config';

/** Unit tests run side by side; tests that start servers (`*.int.test.ts`) run one file at a time after them. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{harness,targets,profiles,reports,bench,tests,scripts}/**/*.test.ts'],
          exclude: ['**/*.int.test.ts', 'reports/runs/**', 'node_modules/**'],
          testTimeout: 15_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{harness,targets,profiles,reports,bench,tests,scripts}/**/*.int.test.ts'],
          exclude: ['reports/runs/**', 'node_modules/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
