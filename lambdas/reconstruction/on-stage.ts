import * as z from 'zod';
import { systemClock } from '../platform/clock.ts';
import { documents } from '../platform/dynamodb.ts';
import { JobId, WorkspaceId } from '../platform/ids.ts';
import { s3 } from '../platform/s3.ts';
import { settings } from '../platform/settings.ts';
import { beginStage } from './begin-stage.ts';
import { endStage } from './end-stage.ts';
import { completeJob, failJob } from './finish-job.ts';
import { jobBucket } from './job-bucket.ts';
import { jobStore } from './job-store.ts';
import { logBucket } from './log-bucket.ts';
import { Stage } from './stages.ts';

export const environment = settings({ JOBS_TABLE: z.string(), ARTIFACTS_BUCKET: z.string() });

const key = { jobId: JobId, workspaceId: WorkspaceId };

/** What the state machine tells of a job as it goes through it. */
const StageEvent = z.discriminatedUnion('action', [
  z.object({ action: z.literal('begin'), ...key, stage: Stage }),
  z.object({ action: z.literal('end'), ...key, stage: Stage }),
  z.object({ action: z.literal('complete'), ...key }),
  z.object({
    action: z.literal('fail'),
    ...key,
    stage: Stage,
    error: z.string(),
    cause: z.string(),
  }),
]);

function makeDeps() {
  const { JOBS_TABLE, ARTIFACTS_BUCKET } = environment.read();
  return {
    clock: systemClock,
    jobs: jobStore(documents(), JOBS_TABLE, systemClock),
    bucket: jobBucket(s3(), ARTIFACTS_BUCKET),
    logs: logBucket(s3(), ARTIFACTS_BUCKET),
  };
}

let deps: ReturnType<typeof makeDeps> | undefined;

/** Invoked by the state machine. Every action may be repeated. */
export async function handler(input: unknown) {
  deps ??= makeDeps();
  const event = StageEvent.parse(input);
  switch (event.action) {
    case 'begin':
      return beginStage(deps, event, event.stage);
    case 'end':
      return endStage(deps, event, event.stage);
    case 'complete':
      return completeJob(deps, event);
    case 'fail':
      return failJob(deps, event, event);
  }
}
