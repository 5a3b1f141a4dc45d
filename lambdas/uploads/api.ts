import { restApi, serve } from '../platform/serve.ts';
import { completeUpload } from './complete-upload.ts';
import { makeDeps, type UploadsDeps } from './deps.ts';
import { presignAgain, presignUpload } from './presign-upload.ts';
import * as route from './routes.ts';

export const uploadsApi = (deps: () => UploadsDeps) =>
  restApi(deps, [
    serve(
      route.presignUpload,
      (deps, { actor, body, idempotency }) => presignUpload(deps, actor, body, idempotency),
      presignAgain,
    ),
    serve(route.completeUpload, (deps, { actor, params, body }) =>
      completeUpload(deps, actor, params.id, body.parts),
    ),
  ]);

export const handler = uploadsApi(makeDeps);
