import * as z from 'zod';
import { type StageRun, StatusReason, Warning } from './job.ts';
import { Stage } from './stages.ts';

/** How a stage ended, as the job wrote it: `<stage>/result.json` in containers/README.md. */
export const StageResult = z.object({
  stage: Stage,
  outcome: z.enum(['succeeded', 'failed']),
  error: StatusReason.nullish(),
  warnings: z.array(Warning).default([]),
  metrics: z.record(z.string(), z.unknown()).default({}),
  artifacts: z.record(z.string(), z.string()).default({}),
  startedAt: z.iso.datetime({ offset: true }),
  finishedAt: z.iso.datetime({ offset: true }),
});
export type StageResult = z.infer<typeof StageResult>;

/** A record has its limits; a stage that warns of every photo says most with the first ones. */
const maxWarnings = 50;

/** What of a result is kept with the job. */
export const stageRunOf = (result: StageResult, beganAt: string): StageRun => ({
  beganAt,
  endedAt: result.finishedAt,
  outcome: result.outcome,
  runningMillis: Math.max(0, Date.parse(result.finishedAt) - Date.parse(result.startedAt)),
  metrics: result.metrics,
  warnings: result.warnings.slice(0, maxWarnings),
  artifacts: result.artifacts,
  ...(result.error && { error: result.error }),
});

/** How far a stage is: `progress/<stage>.json` in containers/README.md. */
export const StageProgress = z.object({
  percent: z.number(),
  etaSeconds: z.number().nullish(),
  message: z.string().nullish(),
});
export type StageProgress = z.infer<typeof StageProgress>;
