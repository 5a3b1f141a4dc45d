import { defineConfig } from 'vitest/config';

const alone = ['test/end-to-end/**/*.test.ts'];

export default defineConfig({
  test: {
    globalSetup: ['test/platform-setup.ts'],
    maxWorkers: 2,
    silent: 'passed-only',
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: alone,
          // Real engines on a small, busy machine: time limits end what hangs, nothing else.
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: alone,
          // These kill the platform that all share, and need every core for a while.
          sequence: { groupOrder: 1 },
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
