import { type Clock, timestamp } from '../platform/clock.ts';
import { JobFailure } from './failures.ts';
import { type Job, type JobKey, runningMillis } from './job.ts';
import type { Change, JobStore } from './job-store.ts';
import { type Stage, stages } from './stages.ts';

interface BeginStageDeps {
  readonly clock: Clock;
  readonly jobs: JobStore;
}

/** Batch takes no shorter timeout. */
const shortestSeconds = 60;

/**
 * Notes that a stage begins; the first one makes the job `running`.
 *
 * @returns how long the stage may run: what is left of the job's time
 * @throws JobFailure `runtime_limit_reached`; `internal_fault` where the job does not run any more
 */
export async function beginStage(
  { clock, jobs }: BeginStageDeps,
  key: JobKey,
  stage: Stage,
): Promise<{ remainingSeconds: number }> {
  const job = await jobs.find(key);
  if (!job) throw new JobFailure('internal_fault', `There is no job ${key.jobId}.`);
  const remainingSeconds = remainingSecondsOf(job);
  if (remainingSeconds < shortestSeconds) throw new JobFailure('runtime_limit_reached');
  const now = timestamp(clock.now());
  const begun: Change = {
    currentStage: stage,
    // A restart finds what it has begun before.
    ...(!job.stages[stage] && { [`stages.${stage}`]: { beganAt: now } }),
  };
  const outcome =
    job.status === 'queued'
      ? await jobs.apply('start', key, { ...begun, startedAt: now })
      : await jobs.note(['running'], key, begun);
  if (!outcome.applied) throw notRunning(outcome.job);
  return { remainingSeconds };
}

const remainingSecondsOf = (job: Job) =>
  Math.floor(job.costGuardrails.maxRuntimeMinutes * 60 - runningMillis(job, stages) / 1000);

const notRunning = (job: Job | undefined) =>
  new JobFailure('internal_fault', `${job?.jobId} is ${job?.status}; no stage of it may begin.`);
