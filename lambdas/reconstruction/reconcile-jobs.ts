import { log } from '../platform/log.ts';
import { type DriveJobDeps, driveJob } from './drive-job.ts';
import { drivingDeps, drivingEnvironment } from './driving-deps.ts';

export const environment = drivingEnvironment;

/**
 * Looks after every job that has not ended: whatever event was lost between its record and its
 * execution, this makes up for. One job that can't be helped does not keep the others waiting.
 *
 * @returns how many jobs were looked after
 */
export async function reconcileJobs(deps: DriveJobDeps): Promise<number> {
  let count = 0;
  for await (const key of deps.jobs.live()) {
    count += 1;
    try {
      await driveJob(deps, key);
    } catch (error) {
      log.error('job.not_reconciled', { ...key, error: error as Error });
    }
  }
  log.info('jobs.reconciled', { count });
  return count;
}

/** Invoked on a schedule. */
export async function handler(): Promise<void> {
  await reconcileJobs(drivingDeps());
}
