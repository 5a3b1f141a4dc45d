import { log } from '../platform/log.ts';
import { type EndJobDeps, endJob } from './end-job.ts';
import type { Execution } from './executions.ts';
import { type FailureCode, failureOf, isWorthRestart, reasonOf } from './failures.ts';
import { hasEnded, type JobKey, maxRestarts } from './job.ts';

/**
 * Brings a job to rest whose execution has ended. Mostly the state machine has done that itself;
 * what is left are jobs that were canceled, and executions that ended without having their say.
 * Those that a service let down are tried again, under the next attempt.
 *
 * @param attempt which attempt at the job the execution was; an older one than the job's says
 *   nothing any more
 */
export async function settleExecution(
  deps: EndJobDeps,
  key: JobKey,
  attempt: number,
  execution: Execution,
): Promise<void> {
  const job = await deps.jobs.find(key);
  if (!job || hasEnded(job) || job.attempt !== attempt) return;
  if (job.status === 'canceling') {
    await endJob(deps, 'canceled', job);
    return;
  }
  const code = failureOfExecution(execution);
  if (isWorthRestart(code) && job.restarts.length < maxRestarts) {
    const { applied } = await deps.jobs.restart(job, code);
    if (applied) log.warn('job.restarted', { ...key, attempt, error: execution.error });
    return;
  }
  await endJob(deps, 'fail', job, reasonOf(code));
}

function failureOfExecution({ status, error, cause }: Execution): FailureCode {
  if (status === 'TIMED_OUT') return 'runtime_limit_reached';
  if (status === 'ABORTED') return 'stopped_by_operator';
  return failureOf(error, cause);
}
