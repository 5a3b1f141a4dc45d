import * as z from 'zod';
import { JobId } from '../platform/ids.ts';
import { PageQuery, pageOf } from '../platform/paging.ts';
import { route } from '../platform/route.ts';
import { Artifacts, JobView } from './job-view.ts';
import { NewJob } from './new-job.ts';
import { Stage } from './stages.ts';

/** Any text: an id that can't exist is not found, like one that doesn't. */
const JobParams = z.object({ id: z.string() });

const tag = 'Reconstruction';

export const createJob = route({
  id: 'createJob',
  method: 'POST',
  path: '/v1/jobs',
  tag,
  summary: 'Starts a reconstruction of uploaded files',
  access: 'jobs:write',
  body: NewJob,
  success: { status: 201, schema: JobView },
  problems: ['input_not_owned', 'upload_incomplete', 'no_gpu_offer'],
  idempotent: true,
});

export const listJobs = route({
  id: 'listJobs',
  method: 'GET',
  path: '/v1/jobs',
  tag,
  summary: 'The jobs of the workspace, the newest first; their progress counts ended stages only',
  access: 'jobs:read',
  query: PageQuery,
  success: { status: 200, schema: pageOf(JobView) },
  problems: ['page_too_deep', 'cursor_invalid'],
});

export const getJob = route({
  id: 'getJob',
  method: 'GET',
  path: '/v1/jobs/{id}',
  tag,
  summary: 'A job: how far it is, what came out, what it costs',
  access: 'jobs:read',
  params: JobParams,
  success: { status: 200, schema: JobView },
  problems: ['not_found'],
});

export const getJobArtifacts = route({
  id: 'getJobArtifacts',
  method: 'GET',
  path: '/v1/jobs/{id}/artifacts',
  tag,
  summary: 'Links to what a job has made so far',
  access: 'jobs:read',
  params: JobParams,
  success: {
    status: 200,
    schema: z.object({ id: JobId, jobId: JobId, artifacts: Artifacts, downloadUrls: Artifacts }),
  },
  problems: ['not_found'],
});

export const cancelJob = route({
  id: 'cancelJob',
  method: 'POST',
  path: '/v1/jobs/{id}/cancel',
  tag,
  summary: 'Stops a job; safe to repeat',
  access: 'jobs:write',
  params: JobParams,
  success: { status: 200, schema: JobView },
  problems: ['not_found', 'job_already_ended'],
});

const LogLine = z.looseObject({
  stage: Stage,
  attempt: z.number().int(),
  time: z.string().nullable(),
  level: z.string().nullable(),
  event: z.string().nullable(),
  message: z.string().nullable(),
});

export const getJobLogs = route({
  id: 'getJobLogs',
  method: 'GET',
  path: '/v1/jobs/{id}/logs',
  tag,
  summary: 'What the stages of a job logged: the last lines, or those after a cursor',
  access: 'jobs:read',
  params: JobParams,
  query: z.strictObject({
    stage: Stage.optional(),
    tail: z.coerce.number().int().min(1).max(1000).default(100).describe('At most so many lines.'),
    after: z.string().max(100).optional().describe('The nextAfter of an earlier answer.'),
  }),
  success: {
    status: 200,
    schema: z.object({
      jobId: JobId,
      lines: z.array(LogLine),
      nextAfter: z
        .string()
        .nullable()
        .describe('Send it as `after` to read on; null before the first line.'),
    }),
  },
  problems: ['not_found', 'cursor_invalid'],
});

export const routes = [createJob, listJobs, getJob, getJobArtifacts, cancelJob, getJobLogs];
