import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  endedStatuses,
  type Job,
  type JobStatus,
  type JobVerb,
  jobStatuses,
  transitions,
} from '../../lambdas/reconstruction/job.ts';
import { createdJob } from './created-job.ts';
import { type Headers, type Platform, startPlatform } from './platform.ts';

let platform: Platform;
let person: Headers;
beforeAll(async () => {
  platform = await startPlatform();
  person = await platform.person('natalia');
});
afterAll(() => platform.stop());

// A walk is dozens of requests, and there are dozens of walks.
vi.setConfig({ testTimeout: 60_000 });

const verbs = Object.keys(transitions) as JobVerb[];
const allows = (verb: JobVerb, status: JobStatus) =>
  (transitions[verb].from as readonly JobStatus[]).includes(status);

const isLive = async ({ jobId }: Job) => {
  for await (const key of platform.deps.jobs.live()) if (key.jobId === jobId) return true;
  return false;
};

describe('the lifecycle of a job', () => {
  it('ends in completed, failed or canceled', () => {
    expect(endedStatuses).toEqual(['completed', 'failed', 'canceled']);
  });

  it('leads from every status to an end', () => {
    const leadsToEnd = (status: JobStatus): boolean =>
      endedStatuses.includes(status) ||
      verbs.some((verb) => allows(verb, status) && leadsToEnd(transitions[verb].to));
    expect(jobStatuses.filter((status) => !leadsToEnd(status))).toEqual([]);
  });

  it('is walked in DynamoDB along its table, and no other way', async () => {
    const walks = fc.array(fc.constantFrom(...verbs), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(walks, async (walk) => {
        const job = await createdJob(platform, person);
        let status: JobStatus = 'queued';
        for (const verb of walk) {
          const allowed = allows(verb, status);
          const outcome = await platform.deps.jobs.apply(verb, job);
          expect(outcome.applied).toBe(allowed);
          if (allowed) status = transitions[verb].to;
          // A refused write tells where the job is, in the same answer.
          expect(outcome.job?.status).toBe(status);
        }
        const hasEnded = endedStatuses.includes(status);
        const after = await platform.deps.jobs.find(job);
        expect(after?.endedAt !== undefined).toBe(hasEnded);
        expect(await isLive(job)).toBe(!hasEnded);
      }),
      { numRuns: 40 },
    );
  });

  it('lets exactly one of many writers at once make a move', async () => {
    const job = await createdJob(platform, person);
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, () => platform.deps.jobs.apply('start', job)),
    );
    expect(outcomes.filter((outcome) => outcome.applied)).toHaveLength(1);
  });

  it('never makes a job of an id that has none', async () => {
    const job = await createdJob(platform, person);
    const nobody = { ...job, jobId: platform.deps.newId('job') };
    const outcome = await platform.deps.jobs.apply('start', nobody);
    expect(outcome).toEqual({ applied: false, job: undefined });
    expect(await platform.deps.jobs.find(nobody)).toBeUndefined();
  });

  it('counts every job that was created, and none twice', async () => {
    const owner = await platform.person('counts');
    const made = await Promise.all(Array.from({ length: 7 }, () => createdJob(platform, owner)));
    const workspaceId = made[0]?.workspaceId as Job['workspaceId'];
    expect(await platform.deps.jobs.count(workspaceId)).toBe(7);
  });

  it('gives a lost attempt one successor, however often it is reported', async () => {
    const job = await createdJob(platform, person);
    const outcomes = await Promise.all([
      platform.deps.jobs.restart(job, 'service_fault'),
      platform.deps.jobs.restart(job, 'service_fault'),
    ]);
    expect(outcomes.filter((outcome) => outcome.applied)).toHaveLength(1);
    expect((await platform.deps.jobs.find(job))?.attempt).toBe(2);
  });
});
