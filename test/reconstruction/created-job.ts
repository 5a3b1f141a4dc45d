import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { s3 } from '../../lambdas/platform/s3.ts';
import { type Job, type JobKey, prefixOf } from '../../lambdas/reconstruction/job.ts';
import { uploaded } from '../uploads/transfer.ts';
import type { Headers, Platform } from './platform.ts';

/** A job as it is right after its owner asked for it. */
export async function createdJob(
  platform: Platform,
  headers: Headers,
  more: object = {},
): Promise<Job> {
  const { inputUri } = await uploaded(platform, headers);
  const body = { inputUri, inputKind: 'photos', ...more };
  const answer = await platform.call('POST', '/v1/jobs', { headers, body });
  expect(answer.status).toBe(201);
  const [, workspaceId] = new URL(inputUri).pathname.slice(1).split('/');
  const job = await platform.deps.jobs.find({ workspaceId, jobId: answer.body.jobId } as JobKey);
  if (!job) throw new Error('the job has no record');
  return job;
}

/** Puts an object under the job's prefix, as the job itself does. */
export async function written(
  platform: Platform,
  job: JobKey,
  path: string,
  content: unknown,
): Promise<void> {
  await s3().send(
    new PutObjectCommand({
      Bucket: platform.deps.bucket.name,
      Key: `${prefixOf(job)}${path}`,
      Body: typeof content === 'string' ? content : JSON.stringify(content),
    }),
  );
}
