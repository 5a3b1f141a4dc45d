import * as z from 'zod';
import { authenticationDeps, authenticationVariables } from '../accounts/authentication-deps.ts';
import { documents } from '../platform/dynamodb.ts';
import { s3 } from '../platform/s3.ts';
import type { ApiDeps } from '../platform/serve.ts';
import { settings } from '../platform/settings.ts';
import { uploadBucket } from '../uploads/upload-bucket.ts';
import { uploadStore } from '../uploads/upload-store.ts';
import type { CreateJobDeps } from './create-job.ts';
import { Engine } from './job.ts';
import { jobBucket } from './job-bucket.ts';
import { jobStore } from './job-store.ts';
import { type LogBucket, logBucket } from './log-bucket.ts';

export interface JobsDeps extends ApiDeps, CreateJobDeps {
  readonly logs: LogBucket;
}

export const environment = settings({
  ...authenticationVariables,
  JOBS_TABLE: z.string(),
  UPLOADS_TABLE: z.string(),
  UPLOADS_BUCKET: z.string(),
  ARTIFACTS_BUCKET: z.string(),
  RECONSTRUCTION_ENGINE: Engine,
});

export function makeDeps(): JobsDeps {
  const variables = environment.read();
  const api = authenticationDeps(variables);
  return {
    ...api,
    engine: variables.RECONSTRUCTION_ENGINE,
    jobs: jobStore(documents(), variables.JOBS_TABLE, api.clock),
    uploads: uploadStore(documents(), variables.UPLOADS_TABLE),
    uploadBucket: uploadBucket(s3(), variables.UPLOADS_BUCKET),
    bucket: jobBucket(s3(), variables.ARTIFACTS_BUCKET),
    logs: logBucket(s3(), variables.ARTIFACTS_BUCKET),
  };
}
