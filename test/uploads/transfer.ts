import { expect } from 'vitest';
import type { Headers, Platform } from '../reconstruction/platform.ts';

interface PresignedPost {
  readonly url: string;
  readonly fields: Record<string, string>;
}

/** Sends a file the way a browser's form does: the fields first, then the file. */
export async function post(
  { url, fields }: PresignedPost,
  content: Buffer,
  changed: Record<string, string> = {},
): Promise<number> {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...fields, ...changed })) form.append(name, value);
  form.append('file', new Blob([new Uint8Array(content)]), 'whatever.bin');
  return (await fetch(url, { method: 'POST', body: form })).status;
}

export const photos = (count: number, sizeBytes = 10) =>
  Array.from({ length: count }, (_, index) => ({
    name: `img_${index + 1}.jpg`,
    size: sizeBytes,
    contentType: 'image/jpeg',
  }));

/** An upload with all its files in the bucket. */
export async function uploaded(
  platform: Platform,
  headers: Headers,
  body: { inputKind: string; files: { name: string; size: number; contentType: string }[] } = {
    inputKind: 'photos',
    files: photos(3),
  },
) {
  const answer = await platform.call('POST', '/v1/uploads/presign', { headers, body });
  expect(answer.status).toBe(201);
  for (const [index, presigned] of answer.body.presignedUrls.entries()) {
    const size = body.files[index]?.size ?? 0;
    expect(await post(presigned, Buffer.alloc(size, 'x'))).toBe(204);
  }
  return answer.body as { uploadId: string; inputUri: string };
}
