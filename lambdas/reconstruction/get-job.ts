import type { Actor } from '../platform/actor.ts';
import { findJob } from './find-job.ts';
import type { JobStore } from './job-store.ts';
import { type ShowJobDeps, showJob } from './show-job.ts';

interface GetJobDeps extends ShowJobDeps {
  readonly jobs: JobStore;
}

/** @throws Problem `not_found` */
export const getJob = async (deps: GetJobDeps, actor: Actor, id: string) =>
  showJob(deps, await findJob(deps, actor, id));
