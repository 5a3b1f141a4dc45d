import { type EndJobDeps, endJob } from './end-job.ts';
import type { Executions } from './executions.ts';
import { hasEnded, type JobKey } from './job.ts';
import type { JobBucket } from './job-bucket.ts';
import { settleExecution } from './settle-execution.ts';

export interface DriveJobDeps extends EndJobDeps {
  readonly bucket: JobBucket;
  readonly executions: Executions;
}

/**
 * Does what the record of a job asks for: gives its attempt an execution, stops that of a job being
 * canceled, and settles one that has ended unnoticed. To do it twice changes nothing, so it is
 * called whenever there is reason to look.
 */
export async function driveJob(deps: DriveJobDeps, key: JobKey): Promise<void> {
  const job = await deps.jobs.find(key);
  if (!job || hasEnded(job)) return;
  const execution = await deps.executions.find(job);
  if (execution && execution.status !== 'RUNNING') {
    await settleExecution(deps, key, job.attempt, execution);
  } else if (execution && job.status === 'canceling') {
    await deps.executions.stop(job);
  } else if (!execution && job.status === 'canceling') {
    await endJob(deps, 'canceled', job);
  } else if (!execution) {
    await deps.bucket.writeSpec(job);
    await deps.executions.start(job, deps.bucket.specUri(job));
  }
}
