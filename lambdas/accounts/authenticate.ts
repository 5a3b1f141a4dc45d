import { type Actor, scopes } from '../platform/actor.ts';
import { type Authenticate, bearerToken, unauthenticated } from '../platform/authentication.ts';
import type { Clock } from '../platform/clock.ts';
import { type NewId, WorkspaceId } from '../platform/ids.ts';
import { log } from '../platform/log.ts';
import { Problem } from '../platform/problems.ts';
import type { Secret } from '../platform/secret.ts';
import type { AccountStore } from './account-store.ts';
import { type ApiKey, hasExpired } from './api-key.ts';
import { hashOf, looksLikeApiKey, parseApiKey } from './api-key-format.ts';
import { type ApiKeyStore, isNewsworthyUse } from './api-key-store.ts';
import { openAccount } from './open-account.ts';
import type { VerifyToken } from './verify-token.ts';

export interface AuthenticateDeps {
  readonly clock: Clock;
  readonly newId: NewId;
  readonly accounts: AccountStore;
  readonly apiKeys: ApiKeyStore;
  readonly pepper: () => Promise<Secret>;
  readonly verifyToken: VerifyToken;
}

type Header = (name: string) => string | undefined;

/** Knows callers by an API key or by an OpenID Connect token. Nothing is remembered in between. */
export function authenticator(deps: AuthenticateDeps): Authenticate {
  return (header) => {
    const credentials = bearerToken(header);
    return looksLikeApiKey(credentials)
      ? withApiKey(deps, credentials, header)
      : withToken(deps, credentials, header);
  };
}

async function withApiKey(
  { clock, apiKeys, pepper }: AuthenticateDeps,
  text: string,
  header: Header,
): Promise<Actor> {
  const parsed = parseApiKey(text);
  if (!parsed) {
    throw unauthenticated('This is not a whole API key: its checksum does not fit. Copy it again.');
  }
  const key = await apiKeys.find(hashOf(parsed, await pepper()));
  if (!key) throw unauthenticated('This API key was revoked, or never existed.');
  if (hasExpired(key, clock)) {
    throw unauthenticated(`This API key expired at ${key.expiresAt}. Create another one.`);
  }
  const wanted = header('x-workspace-id');
  if (wanted !== undefined && wanted !== key.workspaceId) {
    throw new Problem('workspace_forbidden', {
      detail: `This key belongs to ${key.workspaceId} alone. Leave X-Workspace-Id out.`,
    });
  }
  noteUse(apiKeys, key, clock.now());
  return {
    workspaceId: key.workspaceId,
    userId: key.userId,
    scopes: new Set(key.scopes),
    credential: { kind: 'apiKey', keyId: key.keyId },
  };
}

/** Nobody waits for the note, and no request fails for want of it. */
function noteUse(apiKeys: ApiKeyStore, key: ApiKey, epochMillis: number): void {
  if (!isNewsworthyUse(key, epochMillis)) return;
  apiKeys
    .markUsed(key.keyHash, epochMillis)
    .catch((error: Error) => log.warn('api_key.use_not_noted', { keyId: key.keyId, error }));
}

async function withToken(deps: AuthenticateDeps, token: string, header: Header): Promise<Actor> {
  const { identity, profile } = await deps.verifyToken(token);
  const account = await openAccount(deps, identity, profile);
  const wanted = header('x-workspace-id') ?? account.workspaceId;
  const workspaceId = WorkspaceId.safeParse(wanted).data;
  if (!workspaceId || !(await deps.accounts.membership(account.userId, workspaceId))) {
    throw new Problem('workspace_forbidden', {
      detail: 'You are no member of the workspace in X-Workspace-Id. GET /v1/me lists yours.',
    });
  }
  return {
    workspaceId,
    userId: account.userId,
    scopes: new Set(scopes),
    credential: { kind: 'oidc' },
  };
}
