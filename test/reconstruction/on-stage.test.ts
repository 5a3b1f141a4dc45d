import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { minutes } from '../../lambdas/platform/clock.ts';
import { costActual, type Job } from '../../lambdas/reconstruction/job.ts';
import { handler } from '../../lambdas/reconstruction/on-stage.ts';
import { createdJob, written } from './created-job.ts';
import { type Headers, type Platform, startPlatform } from './platform.ts';
import { resultOf } from './results.ts';

let platform: Platform;
let person: Headers;
beforeAll(async () => {
  platform = await startPlatform();
  person = await platform.person('natalia');
  process.env.JOBS_TABLE = platform.tables.jobs;
  process.env.ARTIFACTS_BUCKET = platform.deps.bucket.name;
});
afterAll(() => platform.stop());

const create = (more: object = {}) => createdJob(platform, person, more);
const say = (action: string, { jobId, workspaceId }: Job, more: object = {}) =>
  handler({ action, jobId, workspaceId, ...more }) as Promise<Record<string, unknown>>;
const found = async (job: Job) => (await platform.deps.jobs.find(job)) as Job;
const failed = { stage: 'train', error: 'States.TaskFailed', cause: '{}' };

describe('a stage begins', () => {
  it('and the first one makes the job run', async () => {
    const job = await create();
    await say('begin', job, { stage: 'prepare' });
    expect(await found(job)).toMatchObject({
      status: 'running',
      currentStage: 'prepare',
      startedAt: expect.any(String),
      stages: { prepare: { beganAt: expect.any(String) } },
    });
  });

  it('twice, when its invocation is repeated, without a trace', async () => {
    const job = await create();
    await say('begin', job, { stage: 'prepare' });
    const before = await found(job);
    await say('begin', job, { stage: 'prepare' });
    const { updatedAt, ...after } = await found(job);
    expect({ ...after, updatedAt: before.updatedAt }).toEqual(before);
    expect(updatedAt >= before.updatedAt).toBe(true);
  });

  it('with the time that the stages before it have left', async () => {
    const job = await create({ costGuardrails: { maxRuntimeMinutes: 5 } });
    expect(await say('begin', job, { stage: 'prepare' })).toEqual({ remainingSeconds: 300 });
    await written(platform, job, 'prepare/result.json', resultOf('prepare'));
    await say('end', job, { stage: 'prepare' });
    expect(await say('begin', job, { stage: 'sfm' })).toEqual({ remainingSeconds: 210 });
  });

  it('not when the job has run for as long as it may', async () => {
    const job = await create({ costGuardrails: { maxRuntimeMinutes: 5 } });
    await say('begin', job, { stage: 'prepare' });
    const run = { beganAt: job.createdAt, runningMillis: minutes(4.5) };
    await platform.deps.jobs.note(['running'], job, { 'stages.prepare': run });
    const begun = say('begin', job, { stage: 'sfm' });
    await expect(begun).rejects.toMatchObject({ name: 'runtime_limit_reached' });
  });

  it('not for a job that is being canceled', async () => {
    const job = await create();
    await platform.deps.jobs.apply('cancel', job);
    await expect(say('begin', job, { stage: 'prepare' })).rejects.toThrow('canceling');
  });
});

describe('a stage ends', () => {
  it('and the job keeps its figures, warnings and artifacts', async () => {
    const job = await create();
    await say('begin', job, { stage: 'sfm' });
    const said = {
      warnings: [{ code: 'few_pairs', message: 'Few pairs.' }],
      metrics: { registeredPhotos: 17, totalPhotos: 18, reprojectionErrorPx: 0.6 },
      artifacts: { colmapSparse: 'artifacts/sparse.zip' },
    };
    await written(platform, job, 'sfm/result.json', resultOf('sfm', said));
    expect(await say('end', job, { stage: 'sfm' })).toEqual({ outcome: 'succeeded' });
    const path = `/v1/jobs/${job.jobId}`;
    const { body } = await platform.call('GET', path, { headers: person });
    expect(body.quality).toMatchObject({ registeredPhotos: 17, totalPhotos: 18 });
    expect(body.warnings).toEqual(said.warnings);
    expect(Object.keys(body.artifacts)).toEqual(['colmapSparse']);
    expect(body.progress).toMatchObject({ stage: 'sfm', percent: 35 });
  });

  it('without a result: that is a defect of ours', async () => {
    const job = await create();
    const ended = say('end', job, { stage: 'sfm' });
    await expect(ended).rejects.toMatchObject({ name: 'stage_crashed' });
  });

  it('and costs its own running time, once, at the price of the GPU, if it held one', async () => {
    const job = await create();
    await say('begin', job, { stage: 'prepare' });
    for (const stage of ['prepare', 'train', 'export', 'train'] as const) {
      await written(platform, job, `${stage}/result.json`, resultOf(stage));
      await say('end', job, { stage });
    }
    // Two GPU stages of 90 s at 0.85 an hour.
    expect(costActual(await found(job))).toBe(42_500);
  });
});

describe('a job completes', () => {
  it('with all its logs in one file', async () => {
    const job = await create();
    await say('begin', job, { stage: 'prepare' });
    await written(platform, job, 'logs/prepare-1.jsonl', '{"message":"one"}\n');
    await written(platform, job, 'logs/export-1.jsonl', '{"message":"two"}\n');
    await say('complete', job);
    const { body } = await platform.call('GET', `/v1/jobs/${job.jobId}`, { headers: person });
    expect(body.status).toBe('completed');
    const logs = await (await fetch(body.artifacts.logs)).text();
    expect(logs).toBe('{"message":"one"}\n{"message":"two"}\n');
  });

  it('once, however often it is said', async () => {
    const job = await create();
    await say('begin', job, { stage: 'prepare' });
    await say('complete', job);
    const { endedAt } = await found(job);
    await say('complete', job);
    expect((await found(job)).endedAt).toBe(endedAt);
  });

  it('not when it is being canceled meanwhile', async () => {
    const job = await create();
    await say('begin', job, { stage: 'prepare' });
    await platform.deps.jobs.apply('cancel', job);
    await expect(say('complete', job)).rejects.toThrow('canceling');
    const answer = await say('fail', job, { ...failed, error: 'internal_fault' });
    expect(answer).toMatchObject({ error: 'canceled' });
    expect((await found(job)).status).toBe('canceling');
  });
});

describe('a job fails', () => {
  it('in the words of its stage, where the input is at fault', async () => {
    const job = await create();
    await say('begin', job, { stage: 'sfm' });
    const error = {
      code: 'sfm_no_model',
      message: 'The photos overlap too little.',
      nextAction: 'Take more photos, each showing two thirds of the one before.',
    };
    const artifacts = { colmapSparse: 'artifacts/sparse.zip' };
    const result = resultOf('sfm', { outcome: 'failed', error, artifacts });
    await written(platform, job, 'sfm/result.json', result);
    await written(platform, job, 'logs/sfm-1.jsonl', '{"message":"no pairs"}\n');
    expect(await say('end', job, { stage: 'sfm' })).toEqual({ outcome: 'failed' });
    const answer = await say('fail', job, { stage: 'sfm', error: 'stage_failed', cause: '' });
    expect(answer).toEqual({ error: 'sfm_no_model', cause: error.message });
    const { body } = await platform.call('GET', `/v1/jobs/${job.jobId}`, { headers: person });
    expect(body).toMatchObject({ status: 'failed', statusReason: error, costActualUsd: 0 });
    expect(Object.keys(body.artifacts).sort()).toEqual(['colmapSparse', 'logs']);
  });

  it('in ours, where the machine under it is', async () => {
    const job = await create();
    await say('begin', job, { stage: 'train' });
    const cause = JSON.stringify({ StatusReason: 'Job attempt duration exceeded timeout' });
    const answer = await say('fail', job, { ...failed, cause });
    expect(answer).toMatchObject({ error: 'runtime_limit_reached' });
    const { status, statusReason } = await found(job);
    expect([status, statusReason?.code]).toEqual(['failed', 'runtime_limit_reached']);
  });

  it('once: what is said later changes nothing', async () => {
    const job = await create();
    await say('fail', job, failed);
    const before = await found(job);
    await say('fail', job, { ...failed, error: 'States.Timeout' });
    expect(await found(job)).toEqual(before);
  });

  it('only after its attempts are used up, where a service failed us', async () => {
    let job = await create();
    for (const lost of [1, 2]) {
      const answer = await say('fail', job, { ...failed, error: 'Batch.ServerException' });
      expect([lost, answer.error]).toEqual([lost, 'service_fault']);
      expect((await found(job)).status).toBe('queued');
      await platform.deps.jobs.restart(job, 'service_fault');
      job = await found(job);
    }
    await say('fail', job, { ...failed, error: 'Batch.ServerException' });
    expect((await found(job)).statusReason?.code).toBe('service_fault');
  });
});
