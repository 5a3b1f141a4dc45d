import { SFNClient } from '@aws-sdk/client-sfn';
import type { EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod';
import { systemClock } from '../platform/clock.ts';
import { documents } from '../platform/dynamodb.ts';
import { s3 } from '../platform/s3.ts';
import { settings } from '../platform/settings.ts';
import { attemptOf, describeExecution, ExecutionInput } from './executions.ts';
import { jobStore } from './job-store.ts';
import { logBucket } from './log-bucket.ts';
import { settleExecution } from './settle-execution.ts';

export const environment = settings({ JOBS_TABLE: z.string(), ARTIFACTS_BUCKET: z.string() });

function makeDeps() {
  const { JOBS_TABLE, ARTIFACTS_BUCKET } = environment.read();
  return {
    client: new SFNClient({}),
    jobs: jobStore(documents(), JOBS_TABLE, systemClock),
    logs: logBucket(s3(), ARTIFACTS_BUCKET),
  };
}

let deps: ReturnType<typeof makeDeps> | undefined;

type StatusChange = EventBridgeEvent<
  'Step Functions Execution Status Change',
  { readonly executionArn: string }
>;

/** Invoked when an execution failed, timed out or was aborted. The event only says which one. */
export async function handler({ detail }: StatusChange): Promise<void> {
  deps ??= makeDeps();
  const ended = await describeExecution(deps.client, detail.executionArn);
  if (!ended || ended.execution.status === 'RUNNING') return;
  const key = ExecutionInput.parse(JSON.parse(ended.input));
  await settleExecution(deps, key, attemptOf(ended.name), ended.execution);
}
