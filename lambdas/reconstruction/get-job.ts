import type { Actor } from '../platform/actor.ts';
import { findJob } from './find-job.ts';
import type { JobStore } from './job-store.ts';
import { artifactLinks, type ShowJobDeps, showJob } from './show-job.ts';

interface GetJobDeps extends ShowJobDeps {
  readonly jobs: JobStore;
}

/** @throws Problem `not_found` */
export const getJob = async (deps: GetJobDeps, actor: Actor, id: string) =>
  showJob(deps, await findJob(deps, actor, id));

/** @throws Problem `not_found` */
export async function getJobArtifacts(deps: GetJobDeps, actor: Actor, id: string) {
  const job = await findJob(deps, actor, id);
  const links = await artifactLinks(deps.bucket, job);
  return { id: job.jobId, jobId: job.jobId, artifacts: links, downloadUrls: links };
}
