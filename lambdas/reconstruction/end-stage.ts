import { log } from '../platform/log.ts';
import { JobFailure } from './failures.ts';
import type { JobKey } from './job.ts';
import type { JobBucket } from './job-bucket.ts';
import type { JobStore } from './job-store.ts';
import { stageRunOf } from './stage-result.ts';
import type { Stage } from './stages.ts';

interface EndStageDeps {
  readonly jobs: JobStore;
  readonly bucket: JobBucket;
}

/**
 * Keeps what a stage has to say: its figures, warnings and artifacts. To say it twice changes
 * nothing.
 *
 * @throws JobFailure `stage_crashed` where it left no result
 */
export async function endStage(
  { jobs, bucket }: EndStageDeps,
  { workspaceId, jobId }: JobKey,
  stage: Stage,
): Promise<{ outcome: 'succeeded' | 'failed' }> {
  const key = { workspaceId, jobId };
  const [job, result] = await Promise.all([jobs.find(key), bucket.result(key, stage)]);
  if (!result) throw new JobFailure('stage_crashed', `${stage} ended without a result.`);
  const run = stageRunOf(result, job?.stages[stage]?.beganAt ?? result.startedAt);
  await jobs.note(['running', 'canceling'], key, { [`stages.${stage}`]: run });
  const { outcome } = result;
  log.info('stage.ended', { ...key, stage, outcome, runningMillis: run.runningMillis });
  return { outcome };
}
