import type { Actor } from '../platform/actor.ts';
import { timestamp } from '../platform/clock.ts';
import { Problem } from '../platform/problems.ts';
import { findJob, noSuchJob } from './find-job.ts';
import type { Job, StatusReason } from './job.ts';
import type { JobStore } from './job-store.ts';
import { type ShowJobDeps, showJob } from './show-job.ts';

interface CancelJobDeps extends ShowJobDeps {
  readonly jobs: JobStore;
}

const canceledByUser: StatusReason = {
  code: 'canceled_by_user',
  message: 'The job was canceled on request.',
  nextAction: 'Start another job with the same inputUri when you want to go on.',
};

/**
 * Asks for the end of a job. The record is all that is written here; its change stops the
 * execution, and the end of that makes the job `canceled`.
 *
 * @throws Problem `not_found`; `job_already_ended` where it completed or failed
 */
export async function cancelJob(deps: CancelJobDeps, actor: Actor, id: string) {
  const { jobId, workspaceId } = await findJob(deps, actor, id);
  const outcome = await deps.jobs.apply(
    'cancel',
    { jobId, workspaceId },
    { statusReason: canceledByUser, cancelRequestedAt: timestamp(deps.clock.now()) },
  );
  if (!outcome.job) throw noSuchJob(id);
  const isCanceled = outcome.applied || ['canceling', 'canceled'].includes(outcome.job.status);
  if (!isCanceled) throw alreadyEnded(outcome.job);
  return showJob(deps, outcome.job);
}

const alreadyEnded = ({ jobId, status, endedAt }: Job) =>
  new Problem('job_already_ended', {
    detail: `${jobId} ${status} at ${endedAt}; there is nothing left to cancel.`,
  });
