import type { Actor } from '../platform/actor.ts';
import { JobId } from '../platform/ids.ts';
import { Problem } from '../platform/problems.ts';
import type { Job } from './job.ts';
import type { JobStore } from './job-store.ts';

/** @throws Problem `not_found`, the same for a job of nobody and a job of somebody else */
export async function findJob(
  { jobs }: { readonly jobs: JobStore },
  { workspaceId }: Actor,
  id: string,
): Promise<Job> {
  const jobId = JobId.safeParse(id).data;
  const job = jobId && (await jobs.find({ workspaceId, jobId }));
  if (!job) throw noSuchJob(id);
  return job;
}

export const noSuchJob = (id: string) =>
  new Problem('not_found', {
    detail: `This workspace has no job ${id.slice(0, 100)}. GET /v1/jobs lists those it has.`,
  });
