import type { Actor } from '../platform/actor.ts';
import { mapPage, type PageQuery, page, startOf } from '../platform/paging.ts';
import { toView } from './api-key.ts';
import type { ApiKeyStore } from './api-key-store.ts';

/** @throws Problem `page_too_deep`, `cursor_invalid` */
export async function listApiKeys(
  { apiKeys }: { readonly apiKeys: ApiKeyStore },
  { workspaceId }: Actor,
  query: PageQuery,
) {
  const { after, skip } = startOf(query);
  const [found, total] = await Promise.all([
    apiKeys.list(workspaceId, skip + query.pageSize + 1, after),
    apiKeys.count(workspaceId),
  ]);
  return mapPage(
    page(query, found.slice(skip), total, (key) => key.keyId),
    toView,
  );
}
