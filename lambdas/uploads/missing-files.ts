import { type Fault, Problem } from '../platform/problems.ts';
import type { Upload } from './upload.ts';
import type { UploadBucket } from './upload-bucket.ts';

const maxNamed = 20;

/** @throws Problem `upload_incomplete` naming the files that are not there as announced */
export async function requireComplete(bucket: UploadBucket, upload: Upload): Promise<void> {
  const sizes = await bucket.sizes(upload);
  const faults = upload.files.flatMap((file, index): Fault[] => {
    const size = sizes.get(file.name);
    if (size === file.sizeBytes) return [];
    const detail =
      size === undefined
        ? `${file.name} was not uploaded`
        : `${file.name} has ${size} bytes; ${file.sizeBytes} were announced`;
    return [{ pointer: `/files/${index}`, detail, fix: 'Upload it to its presigned URL.' }];
  });
  if (faults.length > 0) throw incomplete(upload, faults);
}

function incomplete({ uploadId, files }: Upload, faults: readonly Fault[]): Problem {
  const named = faults.slice(0, maxNamed);
  const more = faults.length - named.length;
  return new Problem('upload_incomplete', {
    detail:
      `${faults.length} of ${files.length} files of ${uploadId} are missing: ` +
      `${named.map((fault) => fault.detail).join('; ')}${more > 0 ? `; and ${more} more` : ''}. ` +
      'Upload them to their presigned URLs, then try again.',
    errors: named,
  });
}
