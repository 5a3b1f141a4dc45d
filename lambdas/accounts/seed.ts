import { scopes } from '../platform/actor.ts';
import type { UserId, WorkspaceId } from '../platform/ids.ts';
import type { AccountStore } from './account-store.ts';
import { type ApiKey, hasExpired } from './api-key.ts';
import { hashOf, parseApiKey } from './api-key-format.ts';
import { type CreateApiKeyDeps, mintApiKey } from './create-api-key.ts';
import { openAccount } from './open-account.ts';
import type { Identity, Profile } from './user.ts';

export interface SeedDeps extends CreateApiKeyDeps {
  readonly accounts: AccountStore;
}

export interface DemoAccount {
  readonly userId: UserId;
  readonly workspaceId: WorkspaceId;
  /** With every scope. */
  readonly apiKey: string;
}

/**
 * Makes the demo person's account and API key where they do not exist yet.
 *
 * @param identity how the demo person signs in; one that is new joins the account of the kept key
 * @param keptKey the key of an earlier run; given back while it works
 */
export async function seedDemoAccount(
  deps: SeedDeps,
  identity: Identity,
  profile: Profile,
  keptKey?: string,
): Promise<DemoAccount> {
  const kept = keptKey === undefined ? undefined : await workingKey(deps, keptKey);
  if (kept && keptKey !== undefined) {
    const { userId, workspaceId } = kept;
    await deps.accounts.link(identity, { userId, workspaceId });
    return { userId, workspaceId, apiKey: keptKey };
  }
  const account = await openAccount(deps, identity, profile);
  const { key } = await mintApiKey(deps, {
    ...account,
    keyId: deps.newId('key'),
    name: 'Demo',
    scopes: [...scopes],
  });
  return { ...account, apiKey: key };
}

async function workingKey(deps: SeedDeps, text: string): Promise<ApiKey | undefined> {
  const parsed = parseApiKey(text);
  const key = parsed && (await deps.apiKeys.find(hashOf(parsed, await deps.pepper())));
  return key && !hasExpired(key, deps.clock) ? key : undefined;
}
