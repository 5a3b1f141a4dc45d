import { restApi, serve } from '../platform/serve.ts';
import { cancelJob } from './cancel-job.ts';
import { createJob } from './create-job.ts';
import { type JobsDeps, makeDeps } from './deps.ts';
import { getJob } from './get-job.ts';
import { getJobArtifacts } from './get-job-artifacts.ts';
import { getJobLogs } from './get-job-logs.ts';
import { listJobs } from './list-jobs.ts';
import * as route from './routes.ts';

export const jobsApi = (deps: () => JobsDeps) =>
  restApi(deps, [
    serve(route.createJob, (deps, { actor, body, idempotency }) =>
      createJob(deps, actor, body, idempotency),
    ),
    serve(route.listJobs, (deps, { actor, query }) => listJobs(deps, actor, query)),
    serve(route.getJob, (deps, { actor, params }) => getJob(deps, actor, params.id)),
    serve(route.getJobArtifacts, (deps, { actor, params }) =>
      getJobArtifacts(deps, actor, params.id),
    ),
    serve(route.cancelJob, (deps, { actor, params }) => cancelJob(deps, actor, params.id)),
    serve(route.getJobLogs, (deps, { actor, params, query }) =>
      getJobLogs(deps, actor, params.id, query),
    ),
  ]);

export const handler = jobsApi(makeDeps);
