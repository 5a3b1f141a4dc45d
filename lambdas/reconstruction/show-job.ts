import type { Clock } from '../platform/clock.ts';
import { artifactsOf, type Job } from './job.ts';
import type { JobBucket } from './job-bucket.ts';
import { toView } from './job-view.ts';
import { progressOf } from './progress.ts';
import type { StageProgress } from './stage-result.ts';

export interface ShowJobDeps {
  readonly clock: Clock;
  readonly bucket: JobBucket;
}

/** The job with links to its artifacts and, while it runs, with what its stage says. */
export async function showJob(deps: ShowJobDeps, job: Job) {
  const { currentStage: stage } = job;
  const runs = job.status === 'running' && stage && !job.stages[stage]?.endedAt;
  return show(deps, job, runs ? await deps.bucket.progress(job, stage) : undefined);
}

/** The same without asking its stage, as one of many. */
export const showListedJob = (deps: ShowJobDeps, job: Job) => show(deps, job, undefined);

async function show({ clock, bucket }: ShowJobDeps, job: Job, said: StageProgress | undefined) {
  const links = await artifactLinks(bucket, job);
  const progress = progressOf(job, said, clock.now());
  return toView(job, progress, Object.keys(links).length > 0 ? links : undefined);
}

export async function artifactLinks(bucket: JobBucket, job: Job): Promise<Record<string, string>> {
  const links = Object.entries(artifactsOf(job)).map(
    async ([name, path]) => [name, await bucket.link(job, path)] as const,
  );
  return Object.fromEntries(await Promise.all(links));
}
