import type { KeyId, UserId, WorkspaceId } from './ids.ts';

/** What a key may be allowed to do. */
export const scopes = [
  'sessions:read',
  'sessions:write',
  'isaac:read',
  'isaac:write',
  'isaac:execute',
  'jobs:read',
  'jobs:write',
] as const;

export type Scope = (typeof scopes)[number];

/** Who calls, for which workspace, and what they may do. Made by authentication, never by hand. */
export interface Actor {
  readonly workspaceId: WorkspaceId;
  readonly userId: UserId;
  readonly scopes: ReadonlySet<Scope>;
  /** How they proved it: with a key of the workspace, or signed in as a person. */
  readonly credential:
    | { readonly kind: 'apiKey'; readonly keyId: KeyId }
    | { readonly kind: 'oidc' };
}
