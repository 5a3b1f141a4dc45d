import { S3Client } from '@aws-sdk/client-s3';

let client: S3Client | undefined;

/**
 * The client of this process. Presigned requests carry no checksum: by default the SDK would sign
 * the one of an empty body, which no upload has.
 */
export function s3(): S3Client {
  client ??= new S3Client({ requestChecksumCalculation: 'WHEN_REQUIRED' });
  return client;
}

export const s3Uri = (bucket: string, key: string): string => `s3://${bucket}/${key}`;

/** Bucket and key of `s3://bucket/key`; undefined where it is no such thing. */
export function parseS3Uri(uri: string): { bucket: string; key: string } | undefined {
  const match = /^s3:\/\/([^/]+)\/(.*)$/s.exec(uri);
  return match?.[1] && match[2] !== undefined ? { bucket: match[1], key: match[2] } : undefined;
}
