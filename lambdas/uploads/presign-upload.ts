import type { Actor } from '../platform/actor.ts';
import { type Clock, days, epochSeconds, hours, timestamp } from '../platform/clock.ts';
import type { Idempotency } from '../platform/idempotency.ts';
import type { NewId } from '../platform/ids.ts';
import { Problem } from '../platform/problems.ts';
import { inputLimits } from './input-kind.ts';
import { objectNames } from './object-names.ts';
import type { NewUpload } from './routes.ts';
import { inputUriOf, keptDays, type Upload, type UploadFile, unusedHours } from './upload.ts';
import type { UploadBucket } from './upload-bucket.ts';
import type { UploadKey, UploadStore } from './upload-store.ts';

export interface PresignUploadDeps {
  readonly clock: Clock;
  readonly newId: NewId;
  readonly uploads: UploadStore;
  readonly bucket: UploadBucket;
}

/** As long as the credentials of a function live at least, so that a slow line gets through. */
const signedHours = 6;

const multipartFromBytes = 100_000_000;

/** S3 takes no larger body in one request. */
const maxPostBytes = 5 * 1024 ** 3;

const partSizeBytes = 64 * 1024 ** 2;

/** @throws Problem `too_few_photos` */
export async function presignUpload(
  deps: PresignUploadDeps,
  actor: Actor,
  wanted: NewUpload,
  idempotency: Idempotency,
) {
  requireEnoughPhotos(wanted);
  const now = deps.clock.now();
  const key: UploadKey = { workspaceId: actor.workspaceId, uploadId: deps.newId('upload') };
  const files = filesOf(wanted);
  const upload: Upload = {
    ...key,
    inputKind: wanted.inputKind,
    files,
    ...(await multipartOf(deps.bucket, key, wanted, files)),
    createdAt: timestamp(now),
    expiresAt: epochSeconds(now + days(keptDays)),
    unused: 'unused',
  };
  await deps.uploads.add(upload, idempotency.remember(key));
  return signed(deps, upload);
}

/** Answers the repetition of a request: the same upload, its requests signed anew. */
export async function presignAgain(key: UploadKey, deps: PresignUploadDeps) {
  const upload = await deps.uploads.find(key.workspaceId, key.uploadId);
  if (!upload) {
    throw new Problem('not_found', {
      detail: `${key.uploadId}, which this Idempotency-Key made, was not used and is gone. Send a new key.`,
    });
  }
  return signed(deps, upload);
}

function requireEnoughPhotos({ inputKind, files }: NewUpload): void {
  const { minFiles } = inputLimits.photos;
  if (inputKind !== 'photos' || files.length >= minFiles) return;
  throw new Problem('too_few_photos', {
    detail:
      `A reconstruction needs at least ${minFiles} photos; this has ${files.length}. ` +
      'Send 20 or more that overlap by two thirds, or a video.',
    errors: [
      {
        pointer: '/files',
        detail: `${files.length} photos`,
        fix: `Send at least ${minFiles} photos.`,
      },
    ],
  });
}

function filesOf({ files }: NewUpload): UploadFile[] {
  const names = objectNames(files.map((file) => file.name));
  return files.map(({ name: givenName, size, contentType }, index): UploadFile => {
    const name = names[index] ?? givenName;
    return { name, ...(name !== givenName && { givenName }), sizeBytes: size, contentType };
  });
}

/** Made before the record, so that there is one write; the bucket ends what a crash leaves here. */
async function multipartOf(
  bucket: UploadBucket,
  key: UploadKey,
  { inputKind, multipart }: NewUpload,
  [file]: readonly UploadFile[],
): Promise<Pick<Upload, 'multipartUploadId'>> {
  if (inputKind !== 'video' || !file) return {};
  if (!multipart && file.sizeBytes <= multipartFromBytes) return {};
  return { multipartUploadId: await bucket.startMultipart(key, file) };
}

async function signed({ clock, bucket }: PresignUploadDeps, upload: Upload) {
  const expiresInSeconds = signedHours * 3600;
  const expiresAt = timestamp(clock.now() + hours(signedHours));
  const presignedUrls = await Promise.all(
    upload.files
      .filter((file) => file.sizeBytes <= maxPostBytes)
      .map(async (file) => {
        const { url, fields } = await bucket.presignPost(upload, file, expiresInSeconds);
        return { name: file.name, url, fields, expiresAt };
      }),
  );
  const inputUri = inputUriOf(bucket.name, upload);
  return {
    id: upload.uploadId,
    uploadId: upload.uploadId,
    presignedUrls,
    multipart: upload.multipartUploadId
      ? await signedParts(bucket, upload, expiresInSeconds, expiresAt)
      : null,
    inputPrefix: inputUri,
    inputUri,
    expiresAt: timestamp(Date.parse(upload.createdAt) + hours(unusedHours)),
  };
}

async function signedParts(
  bucket: UploadBucket,
  upload: Upload,
  expiresInSeconds: number,
  expiresAt: string,
) {
  const sizeBytes = upload.files[0]?.sizeBytes ?? 0;
  const count = Math.ceil(sizeBytes / partSizeBytes);
  const urls = await bucket.presignParts(upload, count, expiresInSeconds);
  return {
    uploadId: upload.uploadId,
    partSizeBytes,
    parts: urls.map((url, index) => ({ partNumber: index + 1, url })),
    completeUrl: `/v1/uploads/${upload.uploadId}/complete`,
    expiresAt,
  };
}
