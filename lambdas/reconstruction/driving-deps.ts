import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { systemClock } from '../platform/clock.ts';
import { documents } from '../platform/dynamodb.ts';
import { s3 } from '../platform/s3.ts';
import { settings } from '../platform/settings.ts';
import type { DriveJobDeps } from './drive-job.ts';
import { executions } from './executions.ts';
import { jobBucket } from './job-bucket.ts';
import { jobStore } from './job-store.ts';
import { logBucket } from './log-bucket.ts';

/** Of the functions that start and stop executions. */
export const drivingEnvironment = settings({
  JOBS_TABLE: z.string(),
  ARTIFACTS_BUCKET: z.string(),
  RECONSTRUCTION_STATE_MACHINE_ARN: z.string(),
});

let deps: DriveJobDeps | undefined;

export function drivingDeps(): DriveJobDeps {
  if (deps) return deps;
  const { JOBS_TABLE, ARTIFACTS_BUCKET, RECONSTRUCTION_STATE_MACHINE_ARN } =
    drivingEnvironment.read();
  deps = {
    jobs: jobStore(documents(), JOBS_TABLE, systemClock),
    bucket: jobBucket(s3(), ARTIFACTS_BUCKET),
    logs: logBucket(s3(), ARTIFACTS_BUCKET),
    executions: executions(new SFNClient({}), RECONSTRUCTION_STATE_MACHINE_ARN),
  };
  return deps;
}
