import * as z from 'zod';
import { UploadId } from '../platform/ids.ts';
import { route } from '../platform/route.ts';
import { InputKind, inputLimits, misfits } from './input-kind.ts';

const AnnouncedFile = z.strictObject({
  name: z.string().min(1).max(1024).describe('The name of the file, without a folder.'),
  size: z.number().int().positive().describe('In bytes, exactly.'),
  contentType: z
    .string()
    .transform((type) => type.trim().toLowerCase())
    .describe('Its media type, such as image/jpeg.'),
});

/** Files to be uploaded. Fewer than three photos are a problem of their own, `too_few_photos`. */
export const NewUpload = z
  .strictObject({
    inputKind: InputKind,
    files: z.array(AnnouncedFile).max(inputLimits.photos.maxFiles),
    multipart: z
      .boolean()
      .optional()
      .describe('Upload a video in parts. So are videos over 100 MB, whatever this says.'),
  })
  .superRefine(({ inputKind, files, multipart }, context) => {
    const { noun, maxFiles } = inputLimits[inputKind];
    const fault = (path: (string | number)[], message: string, fix: string) =>
      context.addIssue({ code: 'custom', path, message, params: { fix } });
    if (inputKind !== 'photos' && files.length !== maxFiles) {
      fault(
        ['files'],
        `A ${noun} upload takes exactly one file; this has ${files.length}`,
        `Send one ${noun}, and one upload for each.`,
      );
    }
    if (multipart && inputKind !== 'video') {
      fault(['multipart'], 'Only a video is uploaded in parts', 'Leave it out.');
    }
    for (const { index, field, detail, fix } of misfits(inputKind, files)) {
      fault(['files', index, field], detail, fix);
    }
  });
export type NewUpload = z.infer<typeof NewUpload>;

const PresignedPost = z.object({
  name: z.string().describe('The file that this is for, by the name under which it is kept.'),
  url: z.url(),
  fields: z
    .record(z.string(), z.string())
    .describe('Form fields to be sent before the part `file`.'),
  expiresAt: z.iso.datetime(),
});

const UploadView = z.object({
  id: UploadId,
  uploadId: UploadId,
  presignedUrls: z
    .array(PresignedPost)
    .describe('One for each file, in their order. None for a video over 5 GB: send its parts.'),
  multipart: z
    .object({
      uploadId: UploadId,
      partSizeBytes: z.number().int().describe('Of every part but the last.'),
      parts: z.array(
        z.object({ partNumber: z.number().int(), url: z.url().describe('PUT the part here.') }),
      ),
      completeUrl: z.string().describe('Where to POST the etags when all parts are there.'),
      expiresAt: z.iso.datetime(),
    })
    .nullable(),
  inputPrefix: z.string(),
  inputUri: z.string().describe('What a job names as its input.'),
  expiresAt: z.iso.datetime().describe('When the upload goes away, if no job uses it.'),
});

const Part = z.strictObject({
  partNumber: z.number().int().min(1).max(10_000),
  etag: z.string().min(1).max(200).describe('The ETag header of the answer to the PUT.'),
});

export const presignUpload = route({
  id: 'presignUpload',
  method: 'POST',
  path: '/v1/uploads/presign',
  tag: 'Uploads',
  summary: 'Signs requests by which files are uploaded straight into the bucket',
  access: 'jobs:write',
  body: NewUpload,
  success: { status: 201, schema: UploadView },
  problems: ['too_few_photos'],
  idempotent: true,
});

export const completeUpload = route({
  id: 'completeUpload',
  method: 'POST',
  path: '/v1/uploads/{id}/complete',
  tag: 'Uploads',
  summary: 'Puts the parts of a video together, and tells whether every file is there',
  access: 'jobs:write',
  params: z.object({ id: z.string() }),
  body: z.strictObject({ parts: z.array(Part).max(10_000).default([]) }),
  success: {
    status: 200,
    schema: z.object({
      id: UploadId,
      uploadId: UploadId,
      status: z.literal('complete'),
      inputPrefix: z.string(),
      inputUri: z.string(),
    }),
  },
  problems: ['not_found', 'upload_incomplete'],
});

export const routes = [presignUpload, completeUpload];
