import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { s3 } from '../../lambdas/platform/s3.ts';
import { type Job, prefixOf } from '../../lambdas/reconstruction/job.ts';
import type { Stage } from '../../lambdas/reconstruction/stages.ts';

/** Notes that attempts of the fake stage make, those left out that found their outputs there. */
async function notes(bucket: string, job: Job, stage: Stage): Promise<string[]> {
  const Prefix = `${prefixOf(job)}ran/${stage}-`;
  const { Contents = [] } = await s3().send(new ListObjectsV2Command({ Bucket: bucket, Prefix }));
  return Contents.flatMap(({ Key }) => Key ?? []);
}

/** How often a stage really ran. */
export const runsOf = async (bucket: string, job: Job, stage: Stage) =>
  (await notes(bucket, job, stage)).length;

/** The process in which a stage runs or ran. */
export async function pidOf(bucket: string, job: Job, stage: Stage): Promise<number> {
  const [Key] = await notes(bucket, job, stage);
  const { Body } = await s3().send(new GetObjectCommand({ Bucket: bucket, Key }));
  return JSON.parse((await Body?.transformToString()) ?? '').pid;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
