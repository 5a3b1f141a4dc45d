import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { specOf } from '../../lambdas/reconstruction/spec.ts';
import { photos, post, uploaded } from '../uploads/transfer.ts';
import { createdJob } from './created-job.ts';
import { type Headers, type Platform, startPlatform } from './platform.ts';

let platform: Platform;
let person: Headers;
let inputUri: string;
beforeAll(async () => {
  platform = await startPlatform();
  person = await platform.person('natalia');
  inputUri = (await uploaded(platform, person)).inputUri;
});
afterAll(() => platform.stop());

const create = (body: unknown, headers: Headers = person) =>
  platform.call('POST', '/v1/jobs', { headers, body });
const wanted = (more: object = {}) => ({ inputUri, inputKind: 'photos', ...more });

describe('POST /v1/jobs', () => {
  it('answers the example of the reference as the reference says', async () => {
    const { status, body } = await create({
      inputUri,
      inputKind: 'photos',
      config: { extractFps: 3, maxResolution: 2000, exportUsdz: true },
      costGuardrails: { maxRuntimeMinutes: 240, maxHourlyPrice: 2, gpuMinVram: 24 },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: 'queued',
      costEstimateUsd: 8,
      costActualUsd: null,
      artifacts: null,
      engine: 'cpu-lite',
      gpu: { requested: null, class: 'L4', instanceType: 'g6.2xlarge', vramGb: 24 },
      progress: { stage: null, percent: 0, etaSeconds: null },
      statusReason: null,
      errorMessage: null,
      warnings: [],
    });
    expect(body.jobId).toMatch(/^job_[0-9a-z]{26}$/);
    expect(body.id).toBe(body.jobId);
    expect(body.timeline).toEqual([{ at: body.createdAt, event: 'queued', stage: null }]);
  });

  it('fills in what was left out', async () => {
    const { body } = await create(wanted());
    expect(body.config).toEqual({
      extractFps: 3,
      maxResolution: 2000,
      exportUsdz: true,
      trainSeconds: 90,
      seed: 0,
      scaleReference: null,
    });
    expect(body.costGuardrails).toEqual({
      maxRuntimeMinutes: 240,
      maxHourlyPrice: 2,
      gpuMinVram: 24,
    });
  });

  it('takes an inputUri without its last slash', async () => {
    expect((await create(wanted({ inputUri: inputUri.slice(0, -1) }))).status).toBe(201);
  });

  it('keeps an upload from being swept, and lets another job use it too', async () => {
    const upload = await uploaded(platform, person);
    const before = await create(wanted({ inputUri: upload.inputUri }));
    const again = await create(wanted({ inputUri: upload.inputUri }));
    expect([before.status, again.status]).toEqual([201, 201]);
    const unused: string[] = [];
    for await (const key of platform.deps.uploads.unusedBefore('9')) unused.push(key.uploadId);
    expect(unused).not.toContain(upload.uploadId);
  });

  it('names the photos of a scale reference as they are kept', async () => {
    const names = ['left/1.jpg', '2.jpg', '3.jpg'];
    const files = names.map((name) => ({ name, size: 1, contentType: 'image/jpeg' }));
    const upload = await uploaded(platform, person, { inputKind: 'photos', files });
    const scaleReference = { photoA: 'left/1.jpg', photoB: '2.jpg', distanceMeters: 1.5 };
    const { body } = await create(
      wanted({ inputUri: upload.inputUri, config: { scaleReference } }),
    );
    expect(body.config.scaleReference).toEqual({ ...scaleReference, photoA: 'left_1.jpg' });
  });

  it('tells the stages all that their contract says', async () => {
    const job = await createdJob(platform, person, {
      config: { trainSeconds: 5 },
      costGuardrails: { maxRuntimeMinutes: 60 },
    });
    const spec = specOf(job);
    expect(spec).toMatchObject({
      schemaVersion: 1,
      jobId: job.jobId,
      workspaceId: job.workspaceId,
      inputKind: 'photos',
      inputUri: job.inputUri,
      engine: 'cpu-lite',
      config: { trainSeconds: 5, seed: 0, scaleReference: null },
    });
    const allowedMillis = Date.parse(spec.deadline) - Date.parse(job.createdAt);
    expect(allowedMillis).toBe((60 + 4 * 24 * 60) * 60_000);
  });

  it('creates one job for many equal requests at once', async () => {
    const headers = { ...person, 'Idempotency-Key': 'job-once' };
    const total = async () =>
      (await platform.call('GET', '/v1/jobs', { headers: person })).body.total;
    const before = await total();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => create(wanted({ config: { seed: 1 } }), headers)),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201]));
    expect(new Set(answers.map((answer) => answer.body.jobId)).size).toBe(1);
    expect(await total()).toBe(before + 1);
  });

  it('refuses another job under the same idempotency key', async () => {
    const headers = { ...person, 'Idempotency-Key': 'job-reused' };
    await create(wanted(), headers);
    const { status, body } = await create(wanted({ config: { seed: 2 } }), headers);
    expect([status, body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('refuses an upload that lacks files, naming them', async () => {
    const files = photos(3);
    const presigned = await platform.call('POST', '/v1/uploads/presign', {
      headers: person,
      body: { inputKind: 'photos', files },
    });
    await post(presigned.body.presignedUrls[0], Buffer.alloc(10));
    const { status, body } = await create(wanted({ inputUri: presigned.body.inputUri }));
    expect([status, body.code]).toEqual([409, 'upload_incomplete']);
    expect(body.detail).toContain('img_2.jpg was not uploaded; img_3.jpg was not uploaded');
    expect(body.errors[0].fix).toContain('presigned URL');
  });

  it('refuses guardrails that no GPU meets, naming the offers', async () => {
    const { status, body } = await create(wanted({ costGuardrails: { maxHourlyPrice: 0.1 } }));
    expect([status, body.code]).toEqual([422, 'no_gpu_offer']);
    expect(body.detail).toContain('L4 24 GB $0.85/h');
  });

  it('refuses the upload of another workspace as it refuses one that never was', async () => {
    const stranger = await platform.person('otto');
    const foreign = await uploaded(platform, stranger);
    const neverWas = foreign.inputUri.replace(
      foreign.uploadId,
      'upload_00000000000000000000000000',
    );
    for (const uri of [foreign.inputUri, neverWas]) {
      const { status, body } = await create(wanted({ inputUri: uri }));
      expect([status, body.code]).toEqual([422, 'input_not_owned']);
      expect(body.detail).toBe(
        `${uri} is not an upload of this workspace. Send the inputUri that POST ` +
          '/v1/uploads/presign answered; uploads are kept for 30 days.',
      );
    }
  });

  it.each([
    ['another bucket', (uri: string) => uri.replace('s3://', 's3://my-')],
    ['a local file', () => 'file:///etc/passwd'],
    ['a web page', () => 'https://example.com/photos/'],
    ['a folder above the upload', (uri: string) => uri.replace(/upload_[^/]+\/$/, '')],
    ['a file in the upload', (uri: string) => `${uri}img_1.jpg`],
    ['a way out of the upload', (uri: string) => `${uri}../`],
    ['the whole bucket', (uri: string) => uri.replace(/(s3:\/\/[^/]+\/).*/, '$1')],
    ['no uri at all', () => 'photos'],
  ])('refuses %s as its input', async (_, change) => {
    const { status, body } = await create(wanted({ inputUri: change(inputUri) }));
    expect([status, body.code]).toEqual([422, 'input_not_owned']);
    expect(body.errors[0].pointer).toBe('/inputUri');
  });

  const config = (fields: object) => ({ config: fields });
  const guardrails = (fields: object) => ({ costGuardrails: fields });
  const reference = (fields: object) =>
    config({
      scaleReference: { photoA: 'img_1.jpg', photoB: 'img_2.jpg', distanceMeters: 1, ...fields },
    });
  it.each([
    ['an unknown field', { priority: 1 }, ''],
    ['an unknown field of config', config({ extractFPS: 3 }), '/config'],
    ['an unknown guardrail', guardrails({ maxPrice: 3 }), '/costGuardrails'],
    ['an unknown kind', { inputKind: 'audio' }, '/inputKind'],
    ['the kind of another upload', { inputKind: 'video' }, '/inputKind'],
    ['an inputUri that is no text', { inputUri: 7 }, '/inputUri'],
    ['too few frames', config({ extractFps: 0.05 }), '/config/extractFps'],
    ['too many frames', config({ extractFps: 31 }), '/config/extractFps'],
    ['negative frames', config({ extractFps: -3 }), '/config/extractFps'],
    ['frames as text', config({ extractFps: 'NaN' }), '/config/extractFps'],
    ['too small photos', config({ maxResolution: 319 }), '/config/maxResolution'],
    ['too large photos', config({ maxResolution: 8001 }), '/config/maxResolution'],
    ['half a pixel', config({ maxResolution: 999.5 }), '/config/maxResolution'],
    ['too short a training', config({ trainSeconds: 4 }), '/config/trainSeconds'],
    ['too long a training', config({ trainSeconds: 3601 }), '/config/trainSeconds'],
    ['a negative seed', config({ seed: -1 }), '/config/seed'],
    ['a seed of more than 32 bits', config({ seed: 2 ** 32 }), '/config/seed'],
    ['a flag as text', config({ exportUsdz: 'yes' }), '/config/exportUsdz'],
    [
      'a distance of nothing',
      reference({ distanceMeters: 0 }),
      '/config/scaleReference/distanceMeters',
    ],
    ['one photo as both', reference({ photoB: 'img_1.jpg' }), '/config/scaleReference/photoB'],
    ['a photo that is not there', reference({ photoB: 'x.jpg' }), '/config/scaleReference/photoB'],
    ['half a reference', reference({ photoB: undefined }), '/config/scaleReference/photoB'],
    [
      'too short a runtime',
      guardrails({ maxRuntimeMinutes: 4 }),
      '/costGuardrails/maxRuntimeMinutes',
    ],
    [
      'too long a runtime',
      guardrails({ maxRuntimeMinutes: 1441 }),
      '/costGuardrails/maxRuntimeMinutes',
    ],
    ['a price of nothing', guardrails({ maxHourlyPrice: 0 }), '/costGuardrails/maxHourlyPrice'],
    ['negative memory', guardrails({ gpuMinVram: -1 }), '/costGuardrails/gpuMinVram'],
    ['a null for config', { config: null }, '/config'],
  ])('refuses %s, pointing at it', async (_, more, pointer) => {
    const { status, body } = await create(wanted(more));
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    const fault = body.errors.find((error: { pointer: string }) => error.pointer === pointer);
    expect(fault?.fix).toMatch(/\w/);
    expect(body.detail).toContain(fault.fix);
  });

  it('refuses a scale reference for a video', async () => {
    const files = [{ name: 'walk.mp4', size: 9, contentType: 'video/mp4' }];
    const video = await uploaded(platform, person, { inputKind: 'video', files });
    const { body } = await create({
      inputUri: video.inputUri,
      inputKind: 'video',
      ...reference({}),
    });
    expect(body.errors[0]).toMatchObject({ pointer: '/config/scaleReference' });
  });

  it.each([
    ['NaN, which JSON has not', '{"config": {"extractFps": NaN}}'],
    ['half a body', '{"inputUri": "s3://'],
    ['brackets without end', '['.repeat(10_000)],
  ])('refuses %s', async (_, text) => {
    const { status, body } = await create(text);
    expect([status, body.code]).toEqual([400, 'malformed_json']);
  });

  it('refuses callers without credentials, and keys without the scope', async () => {
    expect((await create(wanted(), {})).status).toBe(401);
    const reader = await platform.keyWith(person, 'jobs:read', 'sessions:write');
    const { status, body } = await create(wanted(), reader);
    expect([status, body.code]).toEqual([403, 'insufficient_scope']);
    expect(body.detail).toContain('jobs:write');
  });

  it('lets a key with the scope create what a key with the other one reads', async () => {
    const writer = await platform.keyWith(person, 'jobs:write');
    const { body } = await create(wanted(), writer);
    const path = `/v1/jobs/${body.jobId}`;
    const reader = await platform.keyWith(person, 'jobs:read');
    expect((await platform.call('GET', path, { headers: reader })).status).toBe(200);
    expect((await platform.call('GET', path, { headers: writer })).status).toBe(403);
  });
});
