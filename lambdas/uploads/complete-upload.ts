import type { Actor } from '../platform/actor.ts';
import { UploadId } from '../platform/ids.ts';
import { Problem } from '../platform/problems.ts';
import { requireComplete } from './missing-files.ts';
import { inputUriOf, type Upload } from './upload.ts';
import type { UploadBucket, UploadedPart } from './upload-bucket.ts';
import type { UploadStore } from './upload-store.ts';

export interface CompleteUploadDeps {
  readonly uploads: UploadStore;
  readonly bucket: UploadBucket;
}

/**
 * Puts the parts of a video together. Safe to repeat; without parts it only looks whether all files
 * are there.
 *
 * @throws Problem `not_found`, `upload_incomplete`
 */
export async function completeUpload(
  { uploads, bucket }: CompleteUploadDeps,
  actor: Actor,
  id: string,
  parts: readonly UploadedPart[],
) {
  const uploadId = UploadId.safeParse(id).data;
  const upload = uploadId && (await uploads.find(actor.workspaceId, uploadId));
  if (!upload) throw noSuchUpload(id);
  if (upload.multipartUploadId && parts.length > 0) {
    const inOrder = parts.toSorted((one, other) => one.partNumber - other.partNumber);
    const refusal = await bucket.completeMultipart(upload, inOrder);
    if (refusal !== undefined) throw partsRefused(upload, refusal);
  }
  await requireComplete(bucket, upload);
  const inputUri = inputUriOf(bucket.name, upload);
  return {
    id: upload.uploadId,
    uploadId: upload.uploadId,
    status: 'complete' as const,
    inputPrefix: inputUri,
    inputUri,
  };
}

const noSuchUpload = (id: string) =>
  new Problem('not_found', {
    detail: `This workspace has no upload ${id.slice(0, 100)}. POST /v1/uploads/presign makes one.`,
  });

const partsRefused = ({ uploadId }: Upload, reason: string) =>
  new Problem('upload_incomplete', {
    detail: `The parts of ${uploadId} can't be put together: ${reason}`,
    errors: [
      {
        pointer: '/parts',
        detail: reason,
        fix: 'PUT each part to its URL, and send the ETag header of each answer.',
      },
    ],
  });
