import type { NewId } from '../platform/ids.ts';
import { Problem } from '../platform/problems.ts';
import type { Account, AccountStore } from './account-store.ts';
import type { Identity, Profile } from './user.ts';
import { slugOf } from './workspace.ts';

export interface OpenAccountDeps {
  readonly accounts: AccountStore;
  readonly newId: NewId;
}

/**
 * The account of someone who signed in. Whoever is seen for the first time becomes a user with a
 * personal workspace; of two first requests at once, one opens the account and both get it.
 *
 * @throws Problem `temporarily_unavailable` while another request is opening the account
 */
export async function openAccount(
  { accounts, newId }: OpenAccountDeps,
  identity: Identity,
  profile: Profile,
): Promise<Account> {
  const known = await accounts.find(identity);
  if (known) return known;
  const user = { ...profile, userId: newId('usr') };
  const workspace = {
    workspaceId: newId('ws'),
    type: 'personal' as const,
    slug: slugOf(profile.login),
  };
  if (await accounts.open(identity, user, workspace)) {
    return { userId: user.userId, workspaceId: workspace.workspaceId };
  }
  const opened = await accounts.find(identity);
  if (opened) return opened;
  throw new Problem('temporarily_unavailable', {
    detail: 'Your account is being opened by another request. Send this one again.',
  });
}
