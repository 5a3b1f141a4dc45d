import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../lambdas/reconstruction/job.ts';
import { createdJob, written } from './created-job.ts';
import { type Headers, type Platform, startPlatform } from './platform.ts';

let platform: Platform;
let person: Headers;
beforeAll(async () => {
  platform = await startPlatform();
  person = await platform.person('natalia');
});
afterAll(() => platform.stop());

const get = (path: string, headers = person, query: Record<string, string> = {}) =>
  platform.call('GET', path, { headers, query });
const cancel = (id: string, headers = person) =>
  platform.call('POST', `/v1/jobs/${id}/cancel`, { headers });

const trained = {
  beganAt: '2026-11-24T12:00:00.000Z',
  endedAt: '2026-11-24T12:40:00.000Z',
  outcome: 'succeeded',
  runningMillis: 30 * 60_000,
  metrics: { psnrDb: 31.4, gaussians: 41_000 },
  warnings: [{ code: 'few_photos', message: 'Only 12 photos.' }],
  artifacts: { ply: 'artifacts/scene.ply', viewer: 'artifacts/viewer.html' },
};

/** A job that ran through training and ended so. */
async function endedJob(
  verb: 'complete' | 'fail' | 'canceled',
  change: Record<string, unknown> = {},
): Promise<Job> {
  const job = await createdJob(platform, person);
  await platform.deps.jobs.apply('start', job, { startedAt: job.createdAt });
  await platform.deps.jobs.note(['running'], job, { 'stages.train': trained });
  if (verb === 'canceled') await platform.deps.jobs.apply('cancel', job);
  await platform.deps.jobs.apply(verb, job, change);
  return job;
}

describe('GET /v1/jobs/{id}', () => {
  it('shows what came out of a completed job, and what it cost', async () => {
    const job = await endedJob('complete', { logs: 'artifacts/logs.jsonl' });
    const { status, body } = await get(`/v1/jobs/${job.jobId}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: job.jobId,
      jobId: job.jobId,
      status: 'completed',
      progress: { stage: null, percent: 100, etaSeconds: 0 },
      quality: { psnrDb: 31.4, gaussians: 41_000, registeredPhotos: null },
      warnings: [{ code: 'few_photos', message: 'Only 12 photos.' }],
      costActualUsd: 0.425,
    });
    expect(Object.keys(body.artifacts).sort()).toEqual(['logs', 'ply', 'viewer']);
  });

  it('links artifacts so that they download, and pages so that they open', async () => {
    const job = await endedJob('complete');
    await written(platform, job, 'artifacts/scene.ply', 'ply');
    await written(platform, job, 'artifacts/viewer.html', '<html></html>');
    const { artifacts } = (await get(`/v1/jobs/${job.jobId}`)).body;
    const ply = await fetch(artifacts.ply);
    expect(await ply.text()).toBe('ply');
    expect(ply.headers.get('content-disposition')).toContain('scene.ply');
    expect((await fetch(artifacts.viewer)).headers.get('content-type')).toContain('text/html');
  });

  it('says why a job failed, and what to do', async () => {
    const statusReason = {
      code: 'sfm_no_model',
      message: 'The photos overlap too little.',
      nextAction: 'Take more photos.',
    };
    const job = await endedJob('fail', { statusReason });
    const { body } = await get(`/v1/jobs/${job.jobId}`);
    expect(body).toMatchObject({
      status: 'failed',
      statusReason,
      errorMessage: 'The photos overlap too little. Take more photos.',
    });
    expect(body.timeline.at(-1)).toMatchObject({ event: 'failed' });
  });

  it('asks the stage how far it is, only while it runs', async () => {
    const job = await createdJob(platform, person);
    await written(platform, job, 'progress/sfm.json', {
      stage: 'sfm',
      percent: 50,
      etaSeconds: 40,
      message: 'matching 40 of 153 pairs',
    });
    const percent = async () => (await get(`/v1/jobs/${job.jobId}`)).body.progress.percent;
    expect(await percent()).toBe(0);
    await platform.deps.jobs.apply('start', job, {
      currentStage: 'sfm',
      startedAt: job.createdAt,
      'stages.sfm': { beganAt: job.createdAt },
    });
    const { body } = await get(`/v1/jobs/${job.jobId}`);
    expect(body.progress).toMatchObject({
      stage: 'sfm',
      percent: 20,
      message: 'matching 40 of 153 pairs',
    });
    expect(body.progress.etaSeconds).toBeGreaterThanOrEqual(40);
    await platform.deps.jobs.apply('fail', job);
    expect(await percent()).toBe(0);
  });

  it('bears with progress that can not be read', async () => {
    const job = await createdJob(platform, person);
    await platform.deps.jobs.apply('start', job, { currentStage: 'prepare' });
    await written(platform, job, 'progress/prepare.json', { percent: 'half' });
    const { status, body } = await get(`/v1/jobs/${job.jobId}`);
    expect([status, body.progress.percent]).toEqual([200, 0]);
  });

  it('keeps to itself what no caller was promised', async () => {
    const job = await createdJob(platform, person);
    const { body } = await get(`/v1/jobs/${job.jobId}`);
    for (const secret of ['live', 'attempt', 'userId', 'uploadId', 'pricePerHour']) {
      expect(body).not.toHaveProperty(secret);
    }
  });
});

describe('GET /v1/jobs/{id}/artifacts', () => {
  it('answers links under both names', async () => {
    const job = await endedJob('complete');
    const { status, body } = await get(`/v1/jobs/${job.jobId}/artifacts`);
    expect(status).toBe(200);
    expect(Object.keys(body.artifacts)).toEqual(['ply', 'viewer']);
    expect(body.downloadUrls).toEqual(body.artifacts);
  });

  it('answers none for a job that has made nothing yet', async () => {
    const job = await createdJob(platform, person);
    const { body } = await get(`/v1/jobs/${job.jobId}/artifacts`);
    expect([body.artifacts, body.downloadUrls]).toEqual([{}, {}]);
  });
});

describe('GET /v1/jobs', () => {
  it('lists the jobs of the workspace, the newest first, by both ways of paging', async () => {
    const owner = await platform.person('pages');
    const made: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      made.unshift((await createdJob(platform, owner)).jobId);
    }
    const first = (await get('/v1/jobs', owner, { pageSize: '2' })).body;
    expect(first).toMatchObject({ total: 5, page: 1, pageSize: 2, hasMore: true });
    const second = (await get('/v1/jobs', owner, { pageSize: '2', page: '2' })).body;
    const byCursor = (await get('/v1/jobs', owner, { pageSize: '2', cursor: first.nextCursor }))
      .body;
    const last = (await get('/v1/jobs', owner, { pageSize: '2', page: '3' })).body;
    const idsOf = (page: { items: Job[] }) => page.items.map((job) => job.jobId);
    expect([...idsOf(first), ...idsOf(second), ...idsOf(last)]).toEqual(made);
    expect(idsOf(byCursor)).toEqual(idsOf(second));
    expect(last).toMatchObject({ hasMore: false, nextCursor: null });
  });

  it('lists nothing of another workspace', async () => {
    const { body } = await get('/v1/jobs', await platform.person('newcomer'));
    expect(body).toMatchObject({ items: [], total: 0, hasMore: false });
  });

  it.each([
    ['a page of nothing', { pageSize: '0' }, 'validation_failed'],
    ['a page too large', { pageSize: '101' }, 'validation_failed'],
    ['an unknown parameter', { status: 'running' }, 'validation_failed'],
    ['a page too deep', { page: '1000' }, 'page_too_deep'],
    ['a cursor of its own making', { cursor: 'eyJ9' }, 'cursor_invalid'],
  ])('refuses %s', async (_, query, code) => {
    const answer = await get('/v1/jobs', person, query as Record<string, string>);
    expect([answer.status, answer.body.code]).toEqual([422, code]);
  });
});

describe('POST /v1/jobs/{id}/cancel', () => {
  it('makes a queued job canceling, and says so again when repeated', async () => {
    const { jobId } = await createdJob(platform, person);
    for (const attempt of ['first', 'second']) {
      const { status, body } = await cancel(jobId);
      expect([attempt, status, body.status]).toEqual([attempt, 200, 'canceling']);
      expect(body.statusReason.code).toBe('canceled_by_user');
    }
  });

  it('answers a canceled job as it is', async () => {
    const job = await endedJob('canceled');
    const { status, body } = await cancel(job.jobId);
    expect([status, body.status, body.errorMessage]).toEqual([200, 'canceled', null]);
    expect(body.timeline.at(-1)).toMatchObject({ event: 'canceled' });
  });

  it.each(['complete', 'fail'] as const)('refuses after a job %sd', async (verb) => {
    const job = await endedJob(verb);
    const { status, body, headers } = await cancel(job.jobId);
    expect([status, body.code]).toEqual([409, 'job_already_ended']);
    expect(headers['x-should-retry']).toBe('false');
  });
});

describe('every route of a job', () => {
  const routes: [string, string, string, string][] = [
    ['GET', '', 'jobs:read', 'jobs:write'],
    ['GET', '/artifacts', 'jobs:read', 'jobs:write'],
    ['GET', '/logs', 'jobs:read', 'jobs:write'],
    ['POST', '/cancel', 'jobs:write', 'jobs:read'],
  ];

  it.each(routes)(
    '%s /v1/jobs/{id}%s does not find what is not there, be it of another workspace',
    async (method, path) => {
      const { jobId } = await createdJob(platform, person);
      const stranger = await platform.person('otto');
      const never = platform.deps.newId('job');
      const call = async (id: string, headers: Headers) => {
        const { status, body } = await platform.call(method, `/v1/jobs/${id}${path}`, { headers });
        return { status, code: body.code, detail: body.detail.replaceAll(id, 'the job') };
      };
      const foreign = await call(jobId, stranger);
      expect([foreign.status, foreign.code]).toEqual([404, 'not_found']);
      expect(await call(never, stranger)).toEqual(foreign);
      expect(await call('total', person)).toEqual(foreign);
    },
  );

  it.each(routes)('%s /v1/jobs/{id}%s asks for the scope %s', async (method, path, _, other) => {
    const { jobId } = await createdJob(platform, person);
    const url = `/v1/jobs/${jobId}${path}`;
    const key = await platform.keyWith(person, other as 'jobs:read', 'isaac:execute');
    const narrow = await platform.call(method, url, { headers: key });
    expect([narrow.status, narrow.body.code]).toEqual([403, 'insufficient_scope']);
    const nobody = await platform.call(method, url);
    expect([nobody.status, nobody.body.code]).toEqual([401, 'unauthenticated']);
  });
});
