import type { Actor } from '../platform/actor.ts';
import { KeyId } from '../platform/ids.ts';
import { Problem } from '../platform/problems.ts';
import { mayRevoke } from './api-key.ts';
import type { ApiKeyStore } from './api-key-store.ts';

/** @throws Problem `not_found`; `api_key_forbidden` where a key may not revoke another */
export async function revokeApiKey(
  { apiKeys }: { readonly apiKeys: ApiKeyStore },
  actor: Actor,
  id: string,
): Promise<{ id: KeyId; revoked: true }> {
  const keyId = KeyId.safeParse(id).data;
  const key = keyId && (await apiKeys.findById(actor.workspaceId, keyId));
  if (!key) throw noSuchKey(id);
  if (!mayRevoke(actor, key)) {
    throw new Problem('api_key_forbidden', {
      detail: `A key may revoke itself and the keys that it created. Sign in to revoke ${key.keyId}.`,
    });
  }
  if (!(await apiKeys.remove(key.keyHash))) throw noSuchKey(id);
  return { id: key.keyId, revoked: true };
}

const noSuchKey = (id: string) =>
  new Problem('not_found', {
    detail: `This workspace has no API key ${id.slice(0, 100)}. GET /v1/api-keys lists those it has.`,
  });
