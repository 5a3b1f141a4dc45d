import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hours } from '../../lambdas/platform/clock.ts';
import { documents } from '../../lambdas/platform/dynamodb.ts';
import { s3 } from '../../lambdas/platform/s3.ts';
import { sweepUploads } from '../../lambdas/uploads/sweep-uploads.ts';
import { type Platform, startPlatform } from '../reconstruction/platform.ts';
import { uploaded as uploadedBy } from './transfer.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.stop());

/** Tokens expire while the clock is moved on. */
const person = () => platform.person('natalia');
const uploaded = async () => uploadedBy(platform, await person());
const sweep = () => {
  const { clock, deps } = platform;
  return sweepUploads({ clock, uploads: deps.uploads, bucket: deps.uploadBucket });
};
const keyOf = ({ inputUri }: { inputUri: string }) => {
  const [, workspaceId, , uploadId] = new URL(inputUri).pathname.slice(1).split('/');
  return { workspaceId, uploadId } as Parameters<typeof platform.deps.uploads.use>[0];
};
const filesOf = async (upload: { inputUri: string }) =>
  (await platform.deps.uploadBucket.sizes(keyOf(upload))).size;
const parts = async () => {
  const Bucket = platform.deps.uploadBucket.name;
  return ((await s3().send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? []).length;
};

describe('sweeping uploads', () => {
  it('removes what no job used for a day, its files and its parts, and nothing else', async () => {
    const abandoned = await uploaded();
    const used = await uploaded();
    const files = [{ name: 'walk.mp4', size: 10, contentType: 'video/mp4' }];
    const body = { inputKind: 'video', files, multipart: true };
    await platform.call('POST', '/v1/uploads/presign', { headers: await person(), body });
    await documents().send(
      new TransactWriteCommand({ TransactItems: [platform.deps.uploads.use(keyOf(used))] }),
    );
    expect(await parts()).toBe(1);

    platform.clock.advance(hours(23));
    expect(await sweep()).toBe(0);
    const fresh = await uploaded();
    platform.clock.advance(hours(2));
    expect(await sweep()).toBe(2);

    expect([await filesOf(abandoned), await filesOf(used), await filesOf(fresh)]).toEqual([
      0, 3, 3,
    ]);
    expect(await parts()).toBe(0);
    const { workspaceId, uploadId } = keyOf(abandoned);
    expect(await platform.deps.uploads.find(workspaceId, uploadId)).toBeUndefined();
    expect(await sweep()).toBe(0);
  });

  it('leaves an upload alone that a job came to use after it was found', async () => {
    const upload = await uploaded();
    await documents().send(
      new TransactWriteCommand({ TransactItems: [platform.deps.uploads.use(keyOf(upload))] }),
    );
    expect(await platform.deps.uploads.removeUnused(keyOf(upload))).toBeUndefined();
    expect(await filesOf(upload)).toBe(3);
  });
});
