import type { Stage } from '../../lambdas/reconstruction/stages.ts';

/** What a stage leaves behind that ran for a minute and a half. */
export const resultOf = (stage: Stage, more: object = {}) => ({
  schemaVersion: 1,
  stage,
  outcome: 'succeeded',
  warnings: [],
  metrics: {},
  artifacts: {},
  engine: 'cpu-lite',
  attempt: 1,
  startedAt: '2026-11-24T12:00:00.000Z',
  finishedAt: '2026-11-24T12:01:30.000Z',
  ...more,
});
