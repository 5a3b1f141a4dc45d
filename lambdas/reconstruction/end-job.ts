import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { log } from '../platform/log.ts';
import { metrics } from '../platform/metrics.ts';
import type { JobKey, StatusReason } from './job.ts';
import type { JobStore, Outcome } from './job-store.ts';
import type { LogBucket } from './log-bucket.ts';

export interface EndJobDeps {
  readonly jobs: JobStore;
  readonly logs: LogBucket;
}

/** Ends a job, its logs gathered in one file; refused where it has ended otherwise before. */
export async function endJob(
  { jobs, logs }: EndJobDeps,
  verb: 'complete' | 'fail' | 'canceled',
  { workspaceId, jobId }: JobKey,
  statusReason?: StatusReason,
): Promise<Outcome> {
  const key = { workspaceId, jobId };
  const outcome = await jobs.apply(verb, key, { statusReason, logs: await logs.collect(key) });
  if (outcome.applied) {
    const { status } = outcome.job;
    log.info('job.ended', { jobId, workspaceId, status, reason: statusReason?.code });
    const metric = metrics.singleMetric();
    metric.addDimension('status', status);
    metric.addMetric('JobsEnded', MetricUnit.Count, 1);
  }
  return outcome;
}
