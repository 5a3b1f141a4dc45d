import { type EndJobDeps, endJob } from './end-job.ts';
import { failureOf, isWorthRestart, JobFailure, reasonOf } from './failures.ts';
import { hasEnded, type Job, type JobKey, maxRestarts, type StatusReason } from './job.ts';
import type { Stage } from './stages.ts';

/** Why the state machine gives up: the stage it was at, and the error that it caught. */
export interface GivenUp {
  readonly stage: Stage;
  readonly error: string;
  readonly cause: string;
}

/** @throws JobFailure `internal_fault` where the job does not run any more */
export async function completeJob(deps: EndJobDeps, key: JobKey): Promise<{ status: string }> {
  const { applied, job } = await endJob(deps, 'complete', key);
  if (!applied && job?.status !== 'completed') {
    throw new JobFailure('internal_fault', `${key.jobId} is ${job?.status}; it can't complete.`);
  }
  return { status: 'completed' };
}

/**
 * Ends a job with the reason why. One whose failure is worth another attempt is left alone, and so
 * is one that is being canceled: the end of the execution decides about those.
 *
 * @returns what the execution fails with
 */
export async function failJob(
  deps: EndJobDeps,
  key: JobKey,
  givenUp: GivenUp,
): Promise<{ error: string; cause: string }> {
  const job = await deps.jobs.find(key);
  if (!job) return reported(reasonOf('internal_fault'));
  if (hasEnded(job)) return { error: job.statusReason?.code ?? job.status, cause: job.status };
  const ownReason = givenUp.error === 'stage_failed' && job.stages[givenUp.stage]?.error;
  if (!ownReason && job.status === 'canceling') return { error: 'canceled', cause: job.status };
  const reason = ownReason || infrastructureReason(job, givenUp);
  if (reason) {
    await endJob(deps, 'fail', key, reason);
    return reported(reason);
  }
  return { error: failureOf(givenUp.error, givenUp.cause), cause: givenUp.cause };
}

/** Undefined where the job is to be started again. */
function infrastructureReason(job: Job, { error, cause }: GivenUp): StatusReason | undefined {
  const code = failureOf(error, cause);
  const startsAgain = isWorthRestart(code) && job.restarts.length < maxRestarts;
  return startsAgain ? undefined : reasonOf(code);
}

const reported = ({ code, message }: StatusReason) => ({ error: code, cause: message });
