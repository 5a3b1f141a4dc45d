import * as z from 'zod';
import type { Actor } from '../platform/actor.ts';
import { scopes } from '../platform/actor.ts';
import { type Clock, timestamp } from '../platform/clock.ts';
import { KeyId, UserId, WorkspaceId } from '../platform/ids.ts';
import { KeyHash } from './api-key-format.ts';

export const Scope = z.enum(scopes);

/** An API key as it is kept: all but the key itself. Times are RFC 3339, UTC. */
export const ApiKey = z.object({
  keyHash: KeyHash,
  keyId: KeyId,
  workspaceId: WorkspaceId,
  userId: UserId,
  name: z.string(),
  prefix: z.string(),
  scopes: z.array(Scope),
  createdAt: z.string(),
  expiresAt: z.string().optional(),
  lastUsedAt: z.string().optional(),
  /** The key that made this one; absent where a person did. */
  mintedBy: KeyId.optional(),
});
export type ApiKey = z.infer<typeof ApiKey>;

export const hasExpired = (key: ApiKey, clock: Clock): boolean =>
  key.expiresAt !== undefined && key.expiresAt <= timestamp(clock.now());

/** People may revoke every key of their workspace; a key itself and those that it made. */
export function mayRevoke({ credential }: Actor, key: ApiKey): boolean {
  if (credential.kind === 'oidc') return true;
  return key.keyId === credential.keyId || key.mintedBy === credential.keyId;
}

/** As callers see it. */
export const toView = (key: ApiKey) => ({
  id: key.keyId,
  name: key.name,
  prefix: key.prefix,
  scopes: key.scopes,
  createdAt: key.createdAt,
  expiresAt: key.expiresAt ?? null,
  lastUsedAt: key.lastUsedAt ?? null,
});
