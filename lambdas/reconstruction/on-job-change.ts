import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { JobId, WorkspaceId } from '../platform/ids.ts';
import { driveJob } from './drive-job.ts';
import { drivingDeps, drivingEnvironment } from './driving-deps.ts';

export const environment = drivingEnvironment;

/**
 * Invoked with the changes of the jobs table, in their order. One that fails makes the whole batch
 * come again; nothing here minds.
 */
export async function handler({ Records }: DynamoDBStreamEvent): Promise<void> {
  for (const record of Records) {
    if (!asksForAction(record)) continue;
    const { workspaceId, jobId } = record.dynamodb?.Keys ?? {};
    const key = {
      workspaceId: WorkspaceId.parse(workspaceId?.S),
      jobId: JobId.parse(jobId?.S),
    };
    await driveJob(drivingDeps(), key);
  }
}

/** A job is new or has got its next attempt, or it is to be canceled. Counters are no jobs. */
export function asksForAction({ dynamodb }: Pick<DynamoDBRecord, 'dynamodb'>): boolean {
  const { OldImage: before, NewImage: after } = dynamodb ?? {};
  if (!after?.attempt) return false;
  const hasNewAttempt = after.attempt.N !== before?.attempt?.N;
  const isNowCanceling = after.status?.S === 'canceling' && before?.status?.S !== 'canceling';
  return hasNewAttempt || isNowCanceling;
}
