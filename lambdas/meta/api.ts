import { routes as accountRoutes } from '../accounts/routes.ts';
import { routes as gpuRoutes } from '../gpus/routes.ts';
import { unauthenticated } from '../platform/authentication.ts';
import { systemClock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import { openApiDocument } from '../platform/openapi.ts';
import type { AnyRoute } from '../platform/route.ts';
import { type ApiDeps, restApi, serve } from '../platform/serve.ts';
import { routes as reconstructionRoutes } from '../reconstruction/routes.ts';
import { routes as uploadRoutes } from '../uploads/routes.ts';
import { getHealth, getOpenApi, routes as metaRoutes } from './routes.ts';

/** Every route of the API, in the order in which the documentation lists them. */
export const allRoutes: readonly AnyRoute[] = [
  ...uploadRoutes,
  ...reconstructionRoutes,
  ...gpuRoutes,
  ...accountRoutes,
  ...metaRoutes,
];

/** Public routes only: whatever else came in here would find no one who could sign it in. */
const makeDeps = (): ApiDeps => ({
  clock: systemClock,
  newId,
  authenticate: async () => {
    throw unauthenticated('This function serves public routes only.');
  },
  idempotency: {
    find: async () => undefined,
    put: () => {
      throw new Error('public routes create nothing');
    },
  },
});

let document: ReturnType<typeof openApiDocument> | undefined;

export const handler = restApi(makeDeps, [
  serve(getHealth, async () => ({ status: 'ok' as const })),
  serve(getOpenApi, async () => {
    document ??= openApiDocument(allRoutes, '/');
    return { ...document };
  }),
]);
