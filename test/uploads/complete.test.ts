import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Headers, type Platform, startPlatform } from '../reconstruction/platform.ts';
import { photos, post, uploaded } from './transfer.ts';

let platform: Platform;
let person: Headers;
beforeAll(async () => {
  platform = await startPlatform();
  person = await platform.person('natalia');
});
afterAll(() => platform.stop());

const complete = (uploadId: string, body: unknown = {}, headers = person) =>
  platform.call('POST', `/v1/uploads/${uploadId}/complete`, { headers, body });

async function videoInParts(content: Buffer, announcedBytes = content.length) {
  const body = {
    inputKind: 'video',
    files: [{ name: 'walk.mp4', size: announcedBytes, contentType: 'video/mp4' }],
    multipart: true,
  };
  const upload = (await platform.call('POST', '/v1/uploads/presign', { headers: person, body }))
    .body;
  const { partSizeBytes, parts: urls } = upload.multipart;
  const parts: { partNumber: number; etag: string }[] = [];
  for (const { partNumber, url } of urls) {
    const start = (partNumber - 1) * partSizeBytes;
    const piece = new Uint8Array(content.subarray(start, start + partSizeBytes));
    const answer = await fetch(url, { method: 'PUT', body: piece });
    expect(answer.status).toBe(200);
    parts.push({ partNumber, etag: answer.headers.get('etag') ?? '' });
  }
  return { upload, parts };
}

describe('POST /v1/uploads/{id}/complete', () => {
  it('puts the parts of a video together, whatever their order in the request', async () => {
    const content = Buffer.alloc(70 * 1024 ** 2, 'v');
    const { upload, parts } = await videoInParts(content);
    expect(parts).toHaveLength(2);
    const { status, body } = await complete(upload.uploadId, { parts: parts.toReversed() });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'complete', inputUri: upload.inputUri });
  });

  it('may be repeated', async () => {
    const { upload, parts } = await videoInParts(Buffer.from('a short video'));
    expect((await complete(upload.uploadId, { parts })).status).toBe(200);
    expect((await complete(upload.uploadId, { parts })).status).toBe(200);
  });

  it('takes a video that was sent by the form instead', async () => {
    const { upload } = await videoInParts(Buffer.from('a short video'));
    expect(await post(upload.presignedUrls[0], Buffer.from('a short video'))).toBe(204);
    expect((await complete(upload.uploadId)).status).toBe(200);
  });

  it('refuses a part that is not the one that was sent', async () => {
    const { upload } = await videoInParts(Buffer.from('a short video'));
    const parts = [{ partNumber: 1, etag: '"00000000000000000000000000000000"' }];
    const { status, body } = await complete(upload.uploadId, { parts });
    expect([status, body.code]).toEqual([409, 'upload_incomplete']);
    expect(body.errors[0].fix).toContain('ETag');
  });

  it('refuses a video that is shorter than announced', async () => {
    const { upload, parts } = await videoInParts(Buffer.from('half'), 8);
    const { status, body } = await complete(upload.uploadId, { parts });
    expect([status, body.code]).toEqual([409, 'upload_incomplete']);
    expect(body.detail).toContain('walk.mp4 has 4 bytes; 8 were announced');
  });

  it('says that photos are all there', async () => {
    const { uploadId } = await uploaded(platform, person);
    expect((await complete(uploadId)).status).toBe(200);
  });

  it('names the photos that are missing', async () => {
    const body = { inputKind: 'photos', files: photos(3) };
    const upload = (await platform.call('POST', '/v1/uploads/presign', { headers: person, body }))
      .body;
    await post(upload.presignedUrls[1], Buffer.alloc(10));
    const answer = await complete(upload.uploadId);
    expect([answer.status, answer.body.code]).toEqual([409, 'upload_incomplete']);
    expect(answer.body.detail).toContain('img_1.jpg was not uploaded; img_3.jpg was not uploaded');
  });

  it('does not find uploads of another workspace, nor ids that can not be', async () => {
    const { uploadId } = await uploaded(platform, person);
    const stranger = await platform.person('otto');
    const foreign = await complete(uploadId, {}, stranger);
    expect([foreign.status, foreign.body.code]).toEqual([404, 'not_found']);
    for (const id of ['upload_00000000000000000000000000', 'nonsense']) {
      const { status, body } = await complete(id);
      expect([status, body.code]).toEqual([404, 'not_found']);
    }
  });

  it.each([
    ['a part number of zero', { parts: [{ partNumber: 0, etag: 'x' }] }],
    ['a part without its etag', { parts: [{ partNumber: 1 }] }],
    ['an unknown field', { part: [] }],
  ])('refuses %s', async (_, body) => {
    const { uploadId } = await uploaded(platform, person);
    const answer = await complete(uploadId, body);
    expect([answer.status, answer.body.code]).toEqual([422, 'validation_failed']);
  });

  it('refuses callers without credentials, and keys without the scope', async () => {
    const { uploadId } = await uploaded(platform, person);
    expect((await complete(uploadId, {}, {})).status).toBe(401);
    const reader = await platform.keyWith(person, 'jobs:read');
    expect((await complete(uploadId, {}, reader)).status).toBe(403);
  });
});
