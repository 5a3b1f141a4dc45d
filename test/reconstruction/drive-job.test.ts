import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3 } from '../../lambdas/platform/s3.ts';
import { type DriveJobDeps, driveJob } from '../../lambdas/reconstruction/drive-job.ts';
import { executions } from '../../lambdas/reconstruction/executions.ts';
import type { Job } from '../../lambdas/reconstruction/job.ts';
import { handler as onExecutionEnd } from '../../lambdas/reconstruction/on-execution-end.ts';
import { asksForAction } from '../../lambdas/reconstruction/on-job-change.ts';
import { reconcileJobs } from '../../lambdas/reconstruction/reconcile-jobs.ts';
import { specOf } from '../../lambdas/reconstruction/spec.ts';
import { createdJob, written } from './created-job.ts';
import { type Headers, type Platform, startPlatform } from './platform.ts';

const client = new SFNClient({});
let platform: Platform;
let person: Headers;
beforeAll(async () => {
  platform = await startPlatform();
  person = await platform.person('natalia');
  process.env.JOBS_TABLE = platform.tables.jobs;
  process.env.ARTIFACTS_BUCKET = platform.deps.bucket.name;
});
afterAll(() => platform.stop());

/** The drivers of jobs, on a state machine that does what a test needs. */
async function drivers(state: object): Promise<DriveJobDeps & { stateMachineArn: string }> {
  const { stateMachineArn = '' } = await client.send(
    new CreateStateMachineCommand({
      name: `machine-${ulid()}`,
      roleArn: 'arn:aws:iam::000000000000:role/test',
      definition: JSON.stringify({ StartAt: 'Only', States: { Only: state } }),
    }),
  );
  const { jobs, bucket, logs } = platform.deps;
  return { jobs, bucket, logs, executions: executions(client, stateMachineArn), stateMachineArn };
}
const waiting = () => drivers({ Type: 'Wait', Seconds: 600, End: true });
const failing = (error: string) => drivers({ Type: 'Fail', Error: error, Cause: 'a test' });

const executionsOf = async ({ stateMachineArn }: { stateMachineArn: string }) =>
  (await client.send(new ListExecutionsCommand({ stateMachineArn }))).executions ?? [];
const found = async (job: Job) => (await platform.deps.jobs.find(job)) as Job;

async function ended(deps: DriveJobDeps, job: Job) {
  for (;;) {
    const execution = await deps.executions.find(await found(job));
    if (execution && execution.status !== 'RUNNING') return execution;
    await sleep(50);
  }
}

describe('a job that was created', () => {
  it('gets one execution, named for its attempt, however often it is driven', async () => {
    const deps = await waiting();
    const job = await createdJob(platform, person);
    await Promise.all([driveJob(deps, job), driveJob(deps, job), driveJob(deps, job)]);
    const started = await executionsOf(deps);
    expect(started.map(({ name }) => name)).toEqual([`${job.jobId}-1`]);
    const executionArn = started[0]?.executionArn;
    const { input } = await client.send(new DescribeExecutionCommand({ executionArn }));
    expect(JSON.parse(input ?? '')).toEqual({
      jobId: job.jobId,
      workspaceId: job.workspaceId,
      inputKind: 'photos',
      gpuClass: 'L4',
      shareIdentifier: expect.stringMatching(/^[0-9a-f]{32}$/),
      specUri: `s3://${platform.deps.bucket.name}/workspaces/${job.workspaceId}/jobs/${job.jobId}/spec.json`,
    });
  });

  it('has its spec in the bucket before it starts', async () => {
    const deps = await waiting();
    const job = await createdJob(platform, person);
    await driveJob(deps, job);
    const Key = `workspaces/${job.workspaceId}/jobs/${job.jobId}/spec.json`;
    const object = await s3().send(new GetObjectCommand({ Bucket: deps.bucket.name, Key }));
    expect(JSON.parse((await object.Body?.transformToString()) ?? '')).toEqual(specOf(job));
  });
});

describe('a job that is canceled', () => {
  it('has its execution stopped, and is canceled when that has ended', async () => {
    const deps = await waiting();
    const job = await createdJob(platform, person);
    await driveJob(deps, job);
    await platform.deps.jobs.apply('start', job);
    await platform.deps.jobs.apply('cancel', job);
    await written(platform, job, 'logs/prepare-1.jsonl', '{"message":"begun"}\n');
    await driveJob(deps, job);
    expect((await ended(deps, job)).status).toBe('ABORTED');
    const [execution] = await executionsOf(deps);
    await onExecutionEnd({ detail: { executionArn: execution?.executionArn } } as never);
    expect(await found(job)).toMatchObject({ status: 'canceled', logs: 'artifacts/logs.jsonl' });
  });

  it('is canceled at once where nothing was started yet', async () => {
    const deps = await waiting();
    const job = await createdJob(platform, person);
    await platform.deps.jobs.apply('cancel', job);
    await driveJob(deps, job);
    expect((await found(job)).status).toBe('canceled');
    expect(await executionsOf(deps)).toEqual([]);
  });
});

describe('a job whose execution ended without having its say', () => {
  it('is started again after a fault of the services, twice at most, then fails', async () => {
    const deps = await failing('States.ServiceRestart');
    const job = await createdJob(platform, person);
    for (const attempt of [1, 2, 3]) {
      await driveJob(deps, job);
      await ended(deps, job);
      expect((await found(job)).attempt).toBe(attempt);
      await driveJob(deps, job);
    }
    const names = (await executionsOf(deps)).map(({ name }) => name).sort();
    expect(names).toEqual([1, 2, 3].map((attempt) => `${job.jobId}-${attempt}`));
    const after = await found(job);
    expect(after).toMatchObject({ status: 'failed', statusReason: { code: 'service_fault' } });
    expect(after.restarts).toHaveLength(2);
  });

  it('fails at once after a fault of ours', async () => {
    const deps = await failing('TypeError');
    const job = await createdJob(platform, person);
    await driveJob(deps, job);
    await ended(deps, job);
    await driveJob(deps, job);
    expect((await found(job)).statusReason?.code).toBe('internal_fault');
  });

  it('fails with a reason of its own when an operator stopped it', async () => {
    const deps = await waiting();
    const job = await createdJob(platform, person);
    await driveJob(deps, job);
    const [execution] = await executionsOf(deps);
    const executionArn = execution?.executionArn;
    await client.send(new StopExecutionCommand({ executionArn }));
    await ended(deps, job);
    await onExecutionEnd({ detail: { executionArn } } as never);
    expect((await found(job)).statusReason?.code).toBe('stopped_by_operator');
  });

  it('is not touched by the end of an attempt before its own', async () => {
    const deps = await failing('TypeError');
    const job = await createdJob(platform, person);
    await driveJob(deps, job);
    await ended(deps, job);
    await platform.deps.jobs.restart(job, 'service_fault');
    const [execution] = await executionsOf(deps);
    await onExecutionEnd({ detail: { executionArn: execution?.executionArn } } as never);
    expect(await found(job)).toMatchObject({ status: 'queued', attempt: 2 });
  });
});

describe('the reconciler', () => {
  it('starts, settles and cancels whatever no event came for, and leaves the rest alone', async () => {
    const other = await startPlatform();
    const owner = await other.person('natalia');
    const { stateMachineArn, ...machine } = await waiting();
    const deps = { ...machine, ...other.deps, executions: machine.executions };
    const [unstarted, canceled, running, completed] = [
      await createdJob(other, owner),
      await createdJob(other, owner),
      await createdJob(other, owner),
      await createdJob(other, owner),
    ];
    await driveJob(deps, running);
    await other.deps.jobs.apply('cancel', canceled);
    await other.deps.jobs.apply('start', completed);
    await other.deps.jobs.apply('complete', completed);

    expect(await reconcileJobs(deps)).toBe(3);
    const statuses = [unstarted, canceled, running, completed].map(
      async (job) => (await other.deps.jobs.find(job))?.status,
    );
    expect(await Promise.all(statuses)).toEqual(['queued', 'canceled', 'queued', 'completed']);
    const names = (await executionsOf({ stateMachineArn })).map(({ name }) => name).sort();
    expect(names).toEqual([`${unstarted.jobId}-1`, `${running.jobId}-1`].sort());
    await other.stop();
  });

  it('goes on when one job can not be helped', async () => {
    const other = await startPlatform();
    const owner = await other.person('natalia');
    const { stateMachineArn, ...machine } = await waiting();
    const deps = { ...machine, ...other.deps, executions: machine.executions };
    const broken = await createdJob(other, owner);
    const sound = await createdJob(other, owner);
    await other.deps.jobs.note(['queued'], broken, { restarts: 'no list' }).catch(() => undefined);
    expect(await reconcileJobs(deps)).toBe(2);
    const names = (await executionsOf({ stateMachineArn })).map(({ name }) => name);
    expect(names).toEqual([`${sound.jobId}-1`]);
    await other.stop();
  });
});

describe('a change of the jobs table asks for action', () => {
  const image = (attempt: number, status: string) => ({
    attempt: { N: String(attempt) },
    status: { S: status },
  });
  it.each([
    ['when a job is new', undefined, image(1, 'queued'), true],
    ['when it has its next attempt', image(1, 'running'), image(2, 'running'), true],
    ['when it is to be canceled', image(1, 'running'), image(1, 'canceling'), true],
    ['not when a stage is noted', image(1, 'running'), image(1, 'running'), false],
    ['not again while it is being canceled', image(1, 'canceling'), image(1, 'canceling'), false],
    ['not when it has ended', image(1, 'running'), image(1, 'completed'), false],
    ['not when a counter counts', { total: { N: '1' } }, { total: { N: '2' } }, false],
    ['not when it is gone', image(1, 'completed'), undefined, false],
  ])('%s', (_, OldImage, NewImage, expected) => {
    const images = { ...(OldImage && { OldImage }), ...(NewImage && { NewImage }) };
    expect(asksForAction({ dynamodb: images as never })).toBe(expected);
  });
});
