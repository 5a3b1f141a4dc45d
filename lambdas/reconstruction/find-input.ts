import type { Actor } from '../platform/actor.ts';
import { UploadId } from '../platform/ids.ts';
import { Problem } from '../platform/problems.ts';
import { parseS3Uri } from '../platform/s3.ts';
import { validationFailed } from '../platform/validation.ts';
import { keptDays, prefixOf, type Upload } from '../uploads/upload.ts';
import type { UploadBucket } from '../uploads/upload-bucket.ts';
import type { UploadStore } from '../uploads/upload-store.ts';
import type { NewJob } from './new-job.ts';

interface FindInputDeps {
  readonly uploads: UploadStore;
  readonly uploadBucket: UploadBucket;
}

/**
 * The upload that an `inputUri` names. Only the very URI that presigning answered is one: nothing
 * of another bucket or workspace, no file inside it, no folder above it.
 *
 * @throws Problem `input_not_owned`; `validation_failed` where it is of another kind
 */
export async function findInput(
  { uploads, uploadBucket }: FindInputDeps,
  { workspaceId }: Actor,
  { inputUri, inputKind }: Pick<NewJob, 'inputUri' | 'inputKind'>,
): Promise<Upload> {
  const { bucket, key } = parseS3Uri(inputUri) ?? {};
  const uploadId = UploadId.safeParse(key?.split('/')[3]).data;
  if (bucket !== uploadBucket.name || !uploadId) throw notOwned(inputUri);
  const prefix = prefixOf({ workspaceId, uploadId });
  if (`${key?.replace(/\/$/, '')}/` !== prefix) throw notOwned(inputUri);
  const upload = await uploads.find(workspaceId, uploadId);
  if (!upload) throw notOwned(inputUri);
  if (upload.inputKind !== inputKind) throw otherKind(upload, inputKind);
  return upload;
}

export const notOwned = (inputUri: string) =>
  new Problem('input_not_owned', {
    detail:
      `${inputUri.slice(0, 200)} is not an upload of this workspace. Send the inputUri that ` +
      `POST /v1/uploads/presign answered; uploads are kept for ${keptDays} days.`,
    errors: [
      {
        pointer: '/inputUri',
        detail: 'Not an upload of this workspace',
        fix: 'Send the inputUri that POST /v1/uploads/presign answered.',
      },
    ],
  });

const otherKind = (upload: Upload, inputKind: string) =>
  validationFailed({
    pointer: '/inputKind',
    detail: `${upload.uploadId} was presigned as ${upload.inputKind}, not as ${inputKind}`,
    fix: `Send "${upload.inputKind}", or presign an upload of the other kind.`,
  });
