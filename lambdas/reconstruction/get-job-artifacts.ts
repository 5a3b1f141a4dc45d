import type { Actor } from '../platform/actor.ts';
import { findJob } from './find-job.ts';
import type { JobBucket } from './job-bucket.ts';
import type { JobStore } from './job-store.ts';
import { artifactLinks } from './show-job.ts';

interface GetJobArtifactsDeps {
  readonly jobs: JobStore;
  readonly bucket: JobBucket;
}

/** @throws Problem `not_found` */
export async function getJobArtifacts(deps: GetJobArtifactsDeps, actor: Actor, id: string) {
  const job = await findJob(deps, actor, id);
  const links = await artifactLinks(deps.bucket, job);
  return { id: job.jobId, jobId: job.jobId, artifacts: links, downloadUrls: links };
}
