import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchClient,
  DescribeJobsCommand,
  ListJobsCommand,
  TerminateJobCommand,
} from '@aws-sdk/client-batch';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type DriveJobDeps, driveJob } from '../../lambdas/reconstruction/drive-job.ts';
import { executions } from '../../lambdas/reconstruction/executions.ts';
import { hasEnded, type Job } from '../../lambdas/reconstruction/job.ts';
import { type Stage, stages } from '../../lambdas/reconstruction/stages.ts';
import { createdJob, written } from '../reconstruction/created-job.ts';
import { type Headers, type Platform, startPlatform } from '../reconstruction/platform.ts';
import { uploaded } from '../uploads/transfer.ts';
import { type Cloud, startCloud } from './cloud.ts';
import type { Told } from './fake-stage.ts';
import { definition, deployCallees, deployMachine, type Substitutions } from './machine.ts';
import { isAlive, pidOf, runsOf } from './stage-runs.ts';
import { stepsOf, stepsTaken } from './steps.ts';

let cloud: Cloud;
let platform: Platform;
let person: Headers;
let callees: Substitutions;
let deps: DriveJobDeps & { stateMachineArn: string };
let client: SFNClient;
let batch: BatchClient;

/** Every step from state to state that any test of this file took, as `From -> To`. */
const taken = new Set<string>();

// Each test starts processes by the dozen.
vi.setConfig({ testTimeout: 60_000 });

beforeAll(async () => {
  cloud = await startCloud();
  [client, batch] = [new SFNClient({}), new BatchClient({})];
  platform = await startPlatform();
  person = await platform.person('natalia');
  callees = await deployCallees({
    JOBS_TABLE: platform.tables.jobs,
    ARTIFACTS_BUCKET: platform.deps.bucket.name,
  });
  deps = await driversOf(callees);
}, 180_000);
afterAll(async () => {
  await platform?.stop();
  await cloud?.stop();
}, 60_000);

async function driversOf(substitutions: Substitutions) {
  const stateMachineArn = await deployMachine(substitutions);
  const { jobs, bucket, logs } = platform.deps;
  return { jobs, bucket, logs, executions: executions(client, stateMachineArn), stateMachineArn };
}

const found = async (job: Job) => (await platform.deps.jobs.find(job)) as Job;
const photosJob = () => createdJob(platform, person);
const tell = async (job: Job, told: Partial<Record<Stage, Told[]>>) => {
  for (const [stage, tasks] of Object.entries(told)) {
    await written(platform, job, `told/${stage}.json`, tasks);
  }
};

/** Drives a job to its end, as the streams and events do that are not part of this test. */
async function settled(job: Job, drivers: DriveJobDeps = deps): Promise<Job> {
  for (;;) {
    await driveJob(drivers, job);
    const now = await found(job);
    if (hasEnded(now)) {
      await noteSteps(job);
      return now;
    }
    await sleep(100);
  }
}

async function noteSteps({ jobId }: Job) {
  const { stateMachineArn } = deps;
  const listed = await client.send(new ListExecutionsCommand({ stateMachineArn }));
  for (const { name, executionArn = '' } of listed.executions ?? []) {
    if (!name?.startsWith(jobId)) continue;
    for (const step of await stepsTaken(client, executionArn)) taken.add(step);
  }
}

const bucket = () => platform.deps.bucket.name;
const runs = (job: Job, stage: Stage) => runsOf(bucket(), job, stage);

async function reaches(job: Job, stage: Stage): Promise<void> {
  await driveJob(deps, job);
  while ((await runs(job, stage)) === 0) await sleep(50);
}

/** The Batch job in which a stage runs now. */
async function batchJobOf(job: Job, stage: Stage, jobQueue: string): Promise<string> {
  const { jobSummaryList } = await batch.send(
    new ListJobsCommand({ jobQueue, jobStatus: 'RUNNING' }),
  );
  const name = `${job.jobId}-${(await found(job)).attempt}-${stage}`;
  const jobId = jobSummaryList?.find(({ jobName }) => jobName === name)?.jobId;
  if (!jobId) throw new Error(`${name} does not run in ${jobQueue}`);
  return jobId;
}
const queueOf = (stage: Stage) =>
  stage === 'train' || stage === 'export' ? callees.L4QueueArn : callees.CpuQueueArn;

describe('the reconstruction machine, executed', () => {
  it('takes photos through every stage', async () => {
    const job = await photosJob();
    await tell(job, {
      sfm: [{ result: { metrics: { registeredPhotos: 3, totalPhotos: 3 } } }],
      export: [{ result: { artifacts: { usdz: 'artifacts/scene.usdz' } } }],
    });
    const after = await settled(job);
    expect([after.status, after.attempt]).toEqual(['completed', 1]);
    expect(Object.keys(after.stages)).toEqual(expect.arrayContaining([...stages]));
    expect(after.stages.export?.artifacts).toEqual({ usdz: 'artifacts/scene.usdz' });
  });

  it('takes a splat from its upload to its export', async () => {
    const files = [{ name: 'a.ply', size: 9, contentType: 'application/octet-stream' }];
    const { inputUri } = await uploaded(platform, person, { inputKind: 'splat', files });
    const body = { inputUri, inputKind: 'splat' };
    const answer = await platform.call('POST', '/v1/jobs', { headers: person, body });
    const job = { ...(await photosJob()), jobId: answer.body.jobId };
    const after = await settled(job);
    expect(after.status).toBe('completed');
    expect(Object.keys(after.stages).sort()).toEqual(['export', 'prepare']);
  });

  it('sends GPU stages to the queue of their class', async () => {
    const job = await photosJob();
    await platform.deps.jobs.note(['queued'], job, { 'gpu.class': 'A10G' });
    await tell(job, { train: [{ stay: true }] });
    await reaches(job, 'train');
    const jobId = await batchJobOf(job, 'train', callees.A10gQueueArn);
    const { jobs = [] } = await batch.send(new DescribeJobsCommand({ jobs: [jobId] }));
    expect(jobs[0]?.shareIdentifier).toMatch(/^[0-9a-f]{32}$/);
    expect(jobs[0]?.timeout?.attemptDurationSeconds).toBeLessThanOrEqual(240 * 60);
    await platform.deps.jobs.apply('cancel', job);
    expect((await settled(job)).status).toBe('canceled');
  });

  it.each(stages)('fails in the words of %s, and keeps what was made before', async (stage) => {
    const job = await photosJob();
    const error = { code: `${stage}_refused`, message: 'It is so.', nextAction: 'Do so.' };
    const artifacts = { colmapSparse: 'artifacts/sparse.zip' };
    await tell(job, { [stage]: [{ result: { outcome: 'failed', error, artifacts } }] });
    const after = await settled(job);
    expect([after.status, after.statusReason]).toEqual(['failed', error]);
    expect(after.stages[stage]?.artifacts).toEqual(artifacts);
    expect(await runs(job, stage)).toBe(1);
  });

  it.each(['prepare', 'train'] as const)(
    'fails after a crash of %s, without another try',
    async (stage) => {
      const job = await photosJob();
      await tell(job, { [stage]: [{ exit: 1 }] });
      const after = await settled(job);
      expect([after.status, after.statusReason?.code]).toEqual(['failed', 'stage_crashed']);
      expect(await runs(job, stage)).toBe(1);
    },
  );

  it('tries again what is transient, inside Batch', async () => {
    const job = await photosJob();
    await tell(job, { sfm: [{ exit: 75 }, { exit: 75 }, { result: {} }] });
    const after = await settled(job);
    expect([after.status, after.attempt]).toEqual(['completed', 1]);
    expect(await runs(job, 'sfm')).toBe(3);
  });

  it('fails when a stage ends well and has no result', async () => {
    const job = await photosJob();
    await tell(job, { sfm: [{ exit: 0 }] });
    expect((await settled(job)).statusReason?.code).toBe('stage_crashed');
  });

  it.each([
    ['Job attempt duration exceeded timeout', 'runtime_limit_reached'],
    ['Host EC2 (instance i-0abc) terminated.', 'host_reclaimed'],
    ['CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY', 'capacity_unavailable'],
  ])('turns %j of Batch into %s', async (reason, code) => {
    const job = await photosJob();
    await tell(job, { train: [{ stay: true }] });
    await reaches(job, 'train');
    const jobId = await batchJobOf(job, 'train', callees.L4QueueArn);
    await batch.send(new TerminateJobCommand({ jobId, reason }));
    expect((await settled(job)).statusReason?.code).toBe(code);
  });

  it('begins no stage that the runtime limit does not allow', async () => {
    const job = await photosJob();
    await platform.deps.jobs.note(['queued'], job, {
      'stages.prepare': { beganAt: job.createdAt, runningMillis: 240 * 60_000 },
    });
    const after = await settled(job);
    expect(after.statusReason?.code).toBe('runtime_limit_reached');
    expect(await runs(job, 'prepare')).toBe(0);
  });

  it.each(stages)(
    'cancels during %s: the Batch job is terminated, its process gone',
    async (stage) => {
      const job = await photosJob();
      await tell(job, { [stage]: [{ stay: true }] });
      await reaches(job, stage);
      const jobId = await batchJobOf(job, stage, queueOf(stage));
      const pid = await pidOf(bucket(), job, stage);
      expect(isAlive(pid)).toBe(true);
      await platform.deps.jobs.apply('cancel', job);
      expect((await settled(job)).status).toBe('canceled');
      let status: string | undefined;
      while (status !== 'FAILED') {
        const { jobs = [] } = await batch.send(new DescribeJobsCommand({ jobs: [jobId] }));
        status = jobs[0]?.status;
        await sleep(50);
      }
      expect(isAlive(pid)).toBe(false);
    },
  );

  it.each(['sfm', 'export'] as const)(
    'goes no further after %s when the job was to be canceled meanwhile',
    async (stage) => {
      const job = await photosJob();
      await tell(job, { [stage]: [{ result: {}, onGo: true }] });
      await reaches(job, stage);
      // The record says so already; what stops the execution comes too late.
      await platform.deps.jobs.apply('cancel', job);
      await written(platform, job, 'told/go', {});
      while ((await deps.executions.find(job))?.status === 'RUNNING') await sleep(50);
      const after = await settled(job);
      expect([after.status, after.stages[stage]?.outcome]).toEqual(['canceled', 'succeeded']);
      expect(await runs(job, 'export')).toBe(stage === 'export' ? 1 : 0);
    },
  );

  it('starts a job again that Batch let down, twice, and says so in the end', async () => {
    const broken = await driversOf({ ...callees, CpuQueueArn: `${callees.CpuQueueArn}-gone` });
    const job = await photosJob();
    const after = await settled(job, broken);
    expect([after.status, after.attempt, after.statusReason?.code]).toEqual([
      'failed',
      3,
      'service_fault',
    ]);
  });

  it('goes on after the whole cloud was lost, and repeats no stage that had ended', async () => {
    const job = await photosJob();
    await tell(job, { sfm: [{ stay: true }] });
    await reaches(job, 'sfm');
    await cloud.loseAndRestart();
    await tell(job, { sfm: [{ result: {} }] });
    const after = await settled(job);
    expect([after.status, after.attempt]).toEqual(['completed', 2]);
    expect(after.restarts.map(({ code }) => code)).toEqual(['service_fault']);
    expect(await runs(job, 'prepare')).toBe(1);
  });

  it('has taken every step that it knows by now', () => {
    expect([...taken].sort()).toEqual([...stepsOf(JSON.parse(definition))].sort());
  });
});
