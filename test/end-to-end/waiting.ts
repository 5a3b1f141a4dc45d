import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, JobAnswer } from '../../local/api-client.ts';
import { hasEnded } from '../../local/api-client.ts';

/** Asks until the answer is there; the time limit of the test is what ends it otherwise. */
export async function until<Value>(ask: () => Promise<Value | undefined | false>): Promise<Value> {
  while (true) {
    const value = await ask();
    if (value !== undefined && value !== false) return value;
    await sleep(100);
  }
}

/** @throws Error where the job ends otherwise than the wait expects */
export async function untilJob(
  api: ApiClient,
  jobId: string,
  isThere: (job: JobAnswer) => boolean,
): Promise<JobAnswer> {
  return until(async () => {
    const job = await api.job(jobId);
    if (isThere(job)) return job;
    if (hasEnded(job)) throw new Error(`${jobId} ${job.status}: ${JSON.stringify(job)}`);
    return undefined;
  });
}

export const ended = (api: ApiClient, jobId: string) => untilJob(api, jobId, hasEnded);
