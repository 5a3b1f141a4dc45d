import { type ApiDeps, restApi, serve } from '../platform/serve.ts';
import { makeDeps } from './deps.ts';
import { listGpus } from './list-gpus.ts';
import * as route from './routes.ts';

export const gpusApi = (deps: () => ApiDeps) =>
  restApi(deps, [serve(route.listGpus, () => listGpus())]);

export const handler = gpusApi(makeDeps);
