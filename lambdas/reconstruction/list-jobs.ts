import type { Actor } from '../platform/actor.ts';
import { type PageQuery, page, startOf } from '../platform/paging.ts';
import type { JobStore } from './job-store.ts';
import { type ShowJobDeps, showListedJob } from './show-job.ts';

interface ListJobsDeps extends ShowJobDeps {
  readonly jobs: JobStore;
}

/** @throws Problem `page_too_deep`, `cursor_invalid` */
export async function listJobs(deps: ListJobsDeps, { workspaceId }: Actor, query: PageQuery) {
  const { after, skip } = startOf(query);
  const [found, total] = await Promise.all([
    deps.jobs.list(workspaceId, skip + query.pageSize + 1, after),
    deps.jobs.count(workspaceId),
  ]);
  const jobs = page(query, found.slice(skip), total, (job) => job.jobId);
  const items = await Promise.all(jobs.items.map((job) => showListedJob(deps, job)));
  return { ...jobs, items };
}
