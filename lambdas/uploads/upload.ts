import * as z from 'zod';
import { UploadId, WorkspaceId } from '../platform/ids.ts';
import { s3Uri } from '../platform/s3.ts';
import { InputKind } from './input-kind.ts';

export const UploadFile = z.object({
  /** Its name in the bucket. */
  name: z.string(),
  /** The name that its owner gave it, where that is another one. */
  givenName: z.string().optional(),
  sizeBytes: z.number(),
  contentType: z.string(),
});
export type UploadFile = z.infer<typeof UploadFile>;

/** Files that were announced, and that their owner puts into the bucket with signed requests. */
export const Upload = z.object({
  workspaceId: WorkspaceId,
  uploadId: UploadId,
  inputKind: InputKind,
  files: z.array(UploadFile),
  /** The id that S3 gave the multipart upload of a large video. */
  multipartUploadId: z.string().optional(),
  createdAt: z.string(),
  /** Epoch seconds; when the bucket has forgotten the files too. */
  expiresAt: z.number(),
  /** There until a job uses it: the key of the index in which the sweeper looks. */
  unused: z.literal('unused').optional(),
});
export type Upload = z.infer<typeof Upload>;

/** How long files are kept; the bucket's lifecycle has the same number. */
export const keptDays = 30;

/** How long an upload that no job uses is kept. */
export const unusedHours = 24;

export const prefixOf = ({ workspaceId, uploadId }: Pick<Upload, 'workspaceId' | 'uploadId'>) =>
  `workspaces/${workspaceId}/uploads/${uploadId}/`;

export const keyOf = (upload: Upload, file: UploadFile) => `${prefixOf(upload)}${file.name}`;

/** What a job names as its input. */
export const inputUriOf = (bucket: string, upload: Pick<Upload, 'workspaceId' | 'uploadId'>) =>
  s3Uri(bucket, prefixOf(upload));
