import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/platform-setup.ts'],
    // Real engines on a small, busy machine: time limits are there to end what hangs, nothing else.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
    silent: 'passed-only',
  },
});
