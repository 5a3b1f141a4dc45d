import { restApi, serve } from '../platform/serve.ts';
import { alreadyCreated, createApiKey } from './create-api-key.ts';
import { type AccountsDeps, makeDeps } from './deps.ts';
import { getMe } from './get-me.ts';
import { listApiKeys } from './list-api-keys.ts';
import { revokeApiKey } from './revoke-api-key.ts';
import * as route from './routes.ts';

export const accountsApi = (deps: () => AccountsDeps) =>
  restApi(deps, [
    serve(route.getMe, (deps, { actor }) => getMe(deps, actor)),
    serve(
      route.createApiKey,
      (deps, { actor, body, idempotency }) => createApiKey(deps, actor, body, idempotency),
      alreadyCreated,
    ),
    serve(route.listApiKeys, (deps, { actor, query }) => listApiKeys(deps, actor, query)),
    serve(route.revokeApiKey, (deps, { actor, params }) => revokeApiKey(deps, actor, params.id)),
  ]);

export const handler = accountsApi(makeDeps);
