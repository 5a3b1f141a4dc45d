import * as z from 'zod';
import { WorkspaceId } from '../platform/ids.ts';

/** What resources belong to. Every user has a personal one. */
export const Workspace = z.object({
  workspaceId: WorkspaceId,
  type: z.enum(['personal']),
  /** For people to read; not unique. */
  slug: z.string(),
});
export type Workspace = z.infer<typeof Workspace>;

/** A user's place in a workspace. */
export const Membership = Workspace.extend({ role: z.enum(['owner']) });
export type Membership = z.infer<typeof Membership>;

const maxSlugLength = 40;

/** `Natalia.K@example.com` becomes `natalia-k`. */
export function slugOf(login: string): string {
  const slug = login
    .replace(/@.*$/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, maxSlugLength)
    .replaceAll(/^-+|-+$/g, '');
  return slug || 'personal';
}

export const toView = (membership: Membership) => ({
  id: membership.workspaceId,
  type: membership.type,
  slug: membership.slug,
  role: membership.role,
});
