import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3 } from '../../lambdas/platform/s3.ts';
import { type Headers, type Platform, startPlatform } from '../reconstruction/platform.ts';
import { photos, post } from './transfer.ts';

let platform: Platform;
let person: Headers;
beforeAll(async () => {
  platform = await startPlatform();
  person = await platform.person('natalia');
});
afterAll(() => platform.stop());

const presign = (body: unknown, headers: Headers = person) =>
  platform.call('POST', '/v1/uploads/presign', { headers, body });
const video = (size: number, more: object = {}) => ({
  inputKind: 'video',
  files: [{ name: 'walk.mp4', size, contentType: 'video/mp4' }],
  ...more,
});
const keysIn = async (uploadId: string) => {
  const listed = await s3().send(
    new ListObjectsV2Command({ Bucket: platform.deps.uploadBucket.name }),
  );
  return (listed.Contents ?? []).map(({ Key }) => Key).filter((key) => key?.includes(uploadId));
};
const multipartUploads = async () => {
  const Bucket = platform.deps.uploadBucket.name;
  return ((await s3().send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? []).length;
};

describe('POST /v1/uploads/presign', () => {
  it('answers one signed form for each file, in their order', async () => {
    const { status, body } = await presign({ inputKind: 'photos', files: photos(3) });
    expect(status).toBe(201);
    expect(body.uploadId).toMatch(/^upload_[0-9a-z]{26}$/);
    expect(body.id).toBe(body.uploadId);
    expect(body.presignedUrls.map((entry: { name: string }) => entry.name)).toEqual([
      'img_1.jpg',
      'img_2.jpg',
      'img_3.jpg',
    ]);
    expect(body.multipart).toBeNull();
    const bucket = platform.deps.uploadBucket.name;
    expect(body.inputUri).toMatch(
      new RegExp(`^s3://${bucket}/workspaces/ws_[0-9a-z]{26}/uploads/${body.uploadId}/$`),
    );
    expect(body.inputPrefix).toBe(body.inputUri);
  });

  it('signs a form that S3 takes, for exactly the file that was announced', async () => {
    const { body } = await presign({ inputKind: 'photos', files: photos(3, 5) });
    const [form] = body.presignedUrls;
    expect(await post(form, Buffer.from('12345'))).toBe(204);
    expect(await keysIn(body.uploadId)).toEqual([
      `${body.inputUri.replace(/^s3:\/\/[^/]+\//, '')}img_1.jpg`,
    ]);
  });

  it('binds the size, the type and the key of each file', async () => {
    const { body } = await presign({ inputKind: 'photos', files: photos(3, 5) });
    const [form] = body.presignedUrls;
    const policy = JSON.parse(Buffer.from(form.fields.Policy, 'base64').toString());
    expect(policy.conditions).toContainEqual(['content-length-range', 5, 5]);
    expect(policy.conditions).toContainEqual({ 'Content-Type': 'image/jpeg' });
    expect(policy.conditions).toContainEqual({ key: form.fields.key });
    expect(await post(form, Buffer.from('123456'))).toBeGreaterThanOrEqual(400);
    expect(await post(form, Buffer.from(''))).toBeGreaterThanOrEqual(400);
    expect(await post(form, Buffer.from('12345'), { 'Content-Type': 'text/html' })).toBe(403);
    const elsewhere = { key: form.fields.key.replace('img_1', 'img_9') };
    expect(await post(form, Buffer.from('12345'), elsewhere)).toBe(403);
    expect(await keysIn(body.uploadId)).toEqual([]);
  });

  it('keeps names of any script, and no path in them', async () => {
    const names = ['../../другое.jpg', '写真 1.jpg', 'a/b.jpg', 'b.jpg', 'B.jpg'];
    const files = names.map((name) => ({ name, size: 3, contentType: 'image/jpeg' }));
    const { body } = await presign({ inputKind: 'photos', files });
    expect(body.presignedUrls.map((entry: { name: string }) => entry.name)).toEqual([
      '_.._другое.jpg',
      '写真 1.jpg',
      'a_b.jpg',
      'b.jpg',
      'B-2.jpg',
    ]);
    for (const form of body.presignedUrls) expect(await post(form, Buffer.from('abc'))).toBe(204);
    expect(await keysIn(body.uploadId)).toHaveLength(5);
  });

  it('takes as many photos as a thousand, in one answer that a function may give', async () => {
    const answer = await presign({ inputKind: 'photos', files: photos(1000) });
    expect(answer.body.presignedUrls).toHaveLength(1000);
    expect(JSON.stringify(answer.body).length).toBeLessThan(5_000_000);
  });

  it('takes one PLY as a splat', async () => {
    const files = [{ name: 'scene.ply', size: 100, contentType: 'application/octet-stream' }];
    expect((await presign({ inputKind: 'splat', files })).status).toBe(201);
  });

  it('signs the parts of a large video beside the form', async () => {
    const { body } = await presign(video(300_000_000));
    expect(body.presignedUrls).toHaveLength(1);
    const { partSizeBytes, parts, completeUrl } = body.multipart;
    expect(parts).toHaveLength(Math.ceil(300_000_000 / partSizeBytes));
    expect(parts[0].partNumber).toBe(1);
    expect(completeUrl).toBe(`/v1/uploads/${body.uploadId}/complete`);
  });

  it('signs no form for a video that S3 takes in parts only', async () => {
    const { body } = await presign(video(20_000_000_000));
    expect(body.presignedUrls).toEqual([]);
    expect(body.multipart.parts).toHaveLength(299);
  });

  it('signs parts for a small video on demand', async () => {
    const { body } = await presign(video(1000, { multipart: true }));
    expect(body.multipart.parts).toHaveLength(1);
  });

  it('makes one upload for a repeated request, and signs it anew', async () => {
    const headers = { ...person, 'Idempotency-Key': 'upload-once' };
    const body = { inputKind: 'photos', files: photos(1000) };
    const first = await presign(body, headers);
    const second = await presign(body, headers);
    expect(second.body.uploadId).toBe(first.body.uploadId);
    expect(second.body.presignedUrls).toHaveLength(1000);
    expect(second.headers['Idempotency-Replayed']).toBe('true');
  });

  it('refuses another upload under the same idempotency key', async () => {
    const headers = { ...person, 'X-Idempotency-Key': 'upload-reused' };
    await presign({ inputKind: 'photos', files: photos(3) }, headers);
    const { status, body } = await presign({ inputKind: 'photos', files: photos(4) }, headers);
    expect([status, body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('starts no multipart upload that nobody asked for', async () => {
    const before = await multipartUploads();
    await presign(video(1000));
    expect(await multipartUploads()).toBe(before);
    await presign(video(1000, { multipart: true }));
    expect(await multipartUploads()).toBe(before + 1);
  });
});

describe('POST /v1/uploads/presign refuses', () => {
  const photo = { name: 'a.jpg', size: 10, contentType: 'image/jpeg' };
  const three = (changed: object) => ({
    inputKind: 'photos',
    files: [photo, photo, { ...photo, ...changed }],
  });
  const ply = { name: 'a.ply', size: 10, contentType: 'application/octet-stream' };

  it.each([0, 1, 2])('%i photos, saying how many it takes', async (count) => {
    const { status, body } = await presign({ inputKind: 'photos', files: photos(count) });
    expect([status, body.code]).toEqual([422, 'too_few_photos']);
    expect(body.detail).toContain('at least 3 photos');
  });

  it.each([
    [
      'two videos',
      { ...video(5), files: [...video(5).files, ...video(5).files] },
      '/files',
      'exactly one file; this has 2',
    ],
    ['no video', { ...video(5), files: [] }, '/files', 'exactly one file; this has 0'],
    ['two splats', { inputKind: 'splat', files: [ply, ply] }, '/files', 'exactly one file'],
    ['more than a thousand photos', { inputKind: 'photos', files: photos(1001) }, '/files', ''],
    ['zero bytes', three({ size: 0 }), '/files/2/size', ''],
    ['a negative size', three({ size: -1 }), '/files/2/size', ''],
    ['half a byte', three({ size: 10.5 }), '/files/2/size', ''],
    ['a size as text', three({ size: 'NaN' }), '/files/2/size', ''],
    ['a photo over 100 MB', three({ size: 100_000_001 }), '/files/2/size', 'at most 100000000'],
    ['a video over 20 GB', video(20_000_000_001), '/files/0/size', 'at most 20000000000'],
    [
      'a PLY over 256 MiB',
      { inputKind: 'splat', files: [{ ...ply, size: 268_435_457 }] },
      '/files/0/size',
      '',
    ],
    [
      'a splat that is no PLY',
      { inputKind: 'splat', files: [{ ...ply, name: 'a.spz' }] },
      '/files/0/name',
      '.ply',
    ],
    [
      'a video among photos',
      three({ contentType: 'video/mp4' }),
      '/files/2/contentType',
      'video/mp4',
    ],
    ['a text file among photos', three({ contentType: 'text/plain' }), '/files/2/contentType', ''],
    ['a file without a name', three({ name: '' }), '/files/2/name', ''],
    ['an unknown field', { ...three({}), public: true }, '', 'public'],
    ['an unknown field of a file', three({ acl: 'public-read' }), '/files/2', 'acl'],
    ['an unknown kind', { inputKind: 'audio', files: [photo] }, '/inputKind', ''],
    ['parts of photos', { ...three({}), multipart: true }, '/multipart', ''],
  ])('%s, pointing at it', async (_, body, pointer, detail) => {
    const answer = await presign(body);
    expect([answer.status, answer.body.code]).toEqual([422, 'validation_failed']);
    const fault = answer.body.errors.find(
      (error: { pointer: string }) => error.pointer === pointer,
    );
    expect(fault?.fix).toMatch(/\w/);
    expect(`${fault.detail} ${fault.fix}`).toContain(detail);
  });

  it('garbage', async () => {
    const { status, body } = await presign('{"inputKind": photos');
    expect([status, body.code]).toEqual([400, 'malformed_json']);
  });

  it('callers without credentials, and keys without the scope', async () => {
    const wanted = { inputKind: 'photos', files: photos(3) };
    expect((await presign(wanted, {})).status).toBe(401);
    const reader = await platform.keyWith(person, 'jobs:read');
    const { status, body } = await presign(wanted, reader);
    expect([status, body.code]).toEqual([403, 'insufficient_scope']);
    expect(body.detail).toContain('jobs:write');
  });
});
