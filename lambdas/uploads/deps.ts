import * as z from 'zod';
import { authenticationDeps, authenticationVariables } from '../accounts/authentication-deps.ts';
import { documents } from '../platform/dynamodb.ts';
import { s3 } from '../platform/s3.ts';
import type { ApiDeps } from '../platform/serve.ts';
import { settings } from '../platform/settings.ts';
import { type UploadBucket, uploadBucket } from './upload-bucket.ts';
import { type UploadStore, uploadStore } from './upload-store.ts';

export interface UploadsDeps extends ApiDeps {
  readonly uploads: UploadStore;
  readonly bucket: UploadBucket;
}

export const environment = settings({
  ...authenticationVariables,
  UPLOADS_TABLE: z.string(),
  UPLOADS_BUCKET: z.string(),
});

export function makeDeps(): UploadsDeps {
  const variables = environment.read();
  return {
    ...authenticationDeps(variables),
    uploads: uploadStore(documents(), variables.UPLOADS_TABLE),
    bucket: uploadBucket(s3(), variables.UPLOADS_BUCKET),
  };
}
