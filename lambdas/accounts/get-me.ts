import type { Actor } from '../platform/actor.ts';
import type { AccountStore } from './account-store.ts';
import { toView as toUserView } from './user.ts';
import { toView as toWorkspaceView } from './workspace.ts';

export async function getMe({ accounts }: { readonly accounts: AccountStore }, actor: Actor) {
  const profile = await accounts.profile(actor.userId);
  if (!profile) throw new Error(`The user ${actor.userId} has credentials, but no profile.`);
  return {
    user: toUserView(profile.user),
    workspaces: profile.workspaces.map(toWorkspaceView),
    activeWorkspaceId: actor.workspaceId,
  };
}
