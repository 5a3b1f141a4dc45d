import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { keyOf, prefixOf, type Upload, type UploadFile } from './upload.ts';
import type { UploadKey } from './upload-store.ts';

/** A form that S3 takes for exactly one file: its key, its size, its type. */
export interface PresignedPost {
  readonly url: string;
  readonly fields: Record<string, string>;
}

export interface UploadedPart {
  readonly partNumber: number;
  readonly etag: string;
}

/** The bucket that users put their files into. */
export interface UploadBucket {
  readonly name: string;
  presignPost(upload: Upload, file: UploadFile, expiresInSeconds: number): Promise<PresignedPost>;
  /** @returns the id of a multipart upload, to be kept with the upload */
  startMultipart(upload: UploadKey, file: UploadFile): Promise<string>;
  presignParts(upload: Upload, count: number, expiresInSeconds: number): Promise<string[]>;
  /** What S3 has against the parts; undefined where it put them together, or has so before. */
  completeMultipart(upload: Upload, parts: readonly UploadedPart[]): Promise<string | undefined>;
  abortMultipart(upload: Upload): Promise<void>;
  /** Sizes in bytes by name. */
  sizes(upload: UploadKey): Promise<Map<string, number>>;
  removeAll(upload: UploadKey): Promise<void>;
}

export function uploadBucket(client: S3Client, name: string): UploadBucket {
  const multipart = (upload: Upload) => {
    const [file] = upload.files;
    if (!file || !upload.multipartUploadId) {
      throw new Error(`${upload.uploadId} has no multipart upload`);
    }
    return { Bucket: name, Key: keyOf(upload, file), UploadId: upload.multipartUploadId };
  };
  const pages = (upload: UploadKey) =>
    paginateListObjectsV2({ client }, { Bucket: name, Prefix: prefixOf(upload) });

  return {
    name,

    presignPost: (upload, file, expiresInSeconds) =>
      createPresignedPost(client, {
        Bucket: name,
        Key: keyOf(upload, file),
        Fields: { 'Content-Type': file.contentType },
        Conditions: [['content-length-range', file.sizeBytes, file.sizeBytes]],
        Expires: expiresInSeconds,
      }),

    async startMultipart(upload, file) {
      const { UploadId } = await client.send(
        new CreateMultipartUploadCommand({
          Bucket: name,
          Key: `${prefixOf(upload)}${file.name}`,
          ContentType: file.contentType,
        }),
      );
      if (!UploadId) throw new Error('S3 answered no id of the multipart upload.');
      return UploadId;
    },

    presignParts: (upload, count, expiresInSeconds) =>
      Promise.all(
        Array.from({ length: count }, (_, index) =>
          getSignedUrl(
            client,
            new UploadPartCommand({ ...multipart(upload), PartNumber: index + 1 }),
            { expiresIn: expiresInSeconds },
          ),
        ),
      ),

    async completeMultipart(upload, parts) {
      try {
        await client.send(
          new CompleteMultipartUploadCommand({
            ...multipart(upload),
            MultipartUpload: {
              Parts: parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: etag })),
            },
          }),
        );
      } catch (error) {
        if (!(error instanceof S3ServiceException)) throw error;
        // It was put together before: the request is a repeated one.
        if (error.name === 'NoSuchUpload') return undefined;
        if (refusals.has(error.name)) return error.message;
        throw error;
      }
      return undefined;
    },

    async abortMultipart(upload) {
      try {
        await client.send(new AbortMultipartUploadCommand(multipart(upload)));
      } catch (error) {
        if (!(error instanceof S3ServiceException && error.name === 'NoSuchUpload')) throw error;
      }
    },

    async sizes(upload) {
      const sizes = new Map<string, number>();
      for await (const { Contents = [] } of pages(upload)) {
        for (const { Key = '', Size = 0 } of Contents) {
          sizes.set(Key.slice(prefixOf(upload).length), Size);
        }
      }
      return sizes;
    },

    async removeAll(upload) {
      for await (const { Contents = [] } of pages(upload)) {
        const Objects = Contents.map(({ Key }) => ({ Key }));
        if (Objects.length === 0) continue;
        await client.send(
          new DeleteObjectsCommand({ Bucket: name, Delete: { Objects, Quiet: true } }),
        );
      }
    },
  };
}

/** Names of what S3 has against a list of parts. */
const refusals = new Set(['InvalidPart', 'InvalidPartOrder', 'EntityTooSmall', 'InvalidRequest']);
