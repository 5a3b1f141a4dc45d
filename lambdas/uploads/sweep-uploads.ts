import * as z from 'zod';
import { type Clock, hours, systemClock, timestamp } from '../platform/clock.ts';
import { documents } from '../platform/dynamodb.ts';
import { log } from '../platform/log.ts';
import { s3 } from '../platform/s3.ts';
import { settings } from '../platform/settings.ts';
import { unusedHours } from './upload.ts';
import { type UploadBucket, uploadBucket } from './upload-bucket.ts';
import { type UploadStore, uploadStore } from './upload-store.ts';

export const environment = settings({ UPLOADS_TABLE: z.string(), UPLOADS_BUCKET: z.string() });

interface SweepUploadsDeps {
  readonly clock: Clock;
  readonly uploads: UploadStore;
  readonly bucket: UploadBucket;
}

/**
 * Removes uploads that no job has come to use, and their files. The record goes first, on the
 * condition that no job took it meanwhile; files that a crash leaves behind expire in the bucket.
 *
 * @returns how many were removed
 */
export async function sweepUploads({ clock, uploads, bucket }: SweepUploadsDeps): Promise<number> {
  const createdBefore = timestamp(clock.now() - hours(unusedHours));
  let removed = 0;
  for await (const key of uploads.unusedBefore(createdBefore)) {
    const upload = await uploads.removeUnused(key);
    if (!upload) continue;
    if (upload.multipartUploadId) await bucket.abortMultipart(upload);
    await bucket.removeAll(upload);
    removed += 1;
  }
  log.info('uploads.swept', { removed });
  return removed;
}

/** Invoked on a schedule. */
export async function handler(): Promise<void> {
  const { UPLOADS_TABLE, UPLOADS_BUCKET } = environment.read();
  await sweepUploads({
    clock: systemClock,
    uploads: uploadStore(documents(), UPLOADS_TABLE),
    bucket: uploadBucket(s3(), UPLOADS_BUCKET),
  });
}
