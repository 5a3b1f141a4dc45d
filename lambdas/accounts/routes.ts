import * as z from 'zod';
import { KeyId, UserId, WorkspaceId } from '../platform/ids.ts';
import { PageQuery, pageOf } from '../platform/paging.ts';
import { route } from '../platform/route.ts';
import { Scope } from './api-key.ts';

const maxExpiryDays = 3650;

/** A new key; without an expiry it works until it is revoked. */
export const NewApiKey = z
  .strictObject({
    name: z.string().trim().min(1).max(100).describe('What the key is for.'),
    scopes: z
      .array(Scope)
      .min(1)
      .transform((scopes) => [...new Set(scopes)])
      .describe('What it may do. A key can give away only scopes that it has itself.'),
    expiresAt: z.iso.datetime({ offset: true }).optional().describe('When it stops working.'),
    expiresInDays: z.number().int().min(1).max(maxExpiryDays).optional(),
  })
  .refine((key) => key.expiresAt === undefined || key.expiresInDays === undefined, {
    path: ['expiresInDays'],
    error: 'Stands beside expiresAt',
    params: { fix: 'Send either expiresAt or expiresInDays.' },
  });
export type NewApiKey = z.infer<typeof NewApiKey>;

const ApiKeyView = z.object({
  id: KeyId,
  name: z.string(),
  prefix: z.string().describe('How the key begins.'),
  scopes: z.array(Scope),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable().describe('To the minute.'),
});

const MeView = z.object({
  user: z.object({
    userId: UserId,
    login: z.string(),
    email: z.string().nullable(),
    avatar: z.string().nullable(),
  }),
  workspaces: z.array(
    z.object({ id: WorkspaceId, type: z.string(), slug: z.string(), role: z.string() }),
  ),
  activeWorkspaceId: WorkspaceId,
});

/** Any text: an id that can't exist is not found, like one that doesn't. */
const ApiKeyParams = z.object({ id: z.string() });

export const getMe = route({
  id: 'getMe',
  method: 'GET',
  path: '/v1/me',
  tag: 'Account',
  summary: 'Who calls, their workspaces, and the one that this call works in',
  access: 'authenticated',
  success: { status: 200, schema: MeView },
  problems: [],
});

export const createApiKey = route({
  id: 'createApiKey',
  method: 'POST',
  path: '/v1/api-keys',
  tag: 'API keys',
  summary: 'Creates an API key and shows it, this once',
  access: 'authenticated',
  body: NewApiKey,
  success: {
    status: 201,
    schema: ApiKeyView.extend({ key: z.string().describe('The key itself. Keep it now.') }),
  },
  problems: ['insufficient_scope', 'api_key_already_created'],
  idempotent: true,
});

export const listApiKeys = route({
  id: 'listApiKeys',
  method: 'GET',
  path: '/v1/api-keys',
  tag: 'API keys',
  summary: 'The API keys of the workspace, the newest first',
  access: 'authenticated',
  query: PageQuery,
  success: { status: 200, schema: pageOf(ApiKeyView) },
  problems: ['page_too_deep', 'cursor_invalid'],
});

export const revokeApiKey = route({
  id: 'revokeApiKey',
  method: 'DELETE',
  path: '/v1/api-keys/{id}',
  tag: 'API keys',
  summary: 'Revokes an API key: the very next request with it is refused',
  access: 'authenticated',
  params: ApiKeyParams,
  success: { status: 200, schema: z.object({ id: KeyId, revoked: z.literal(true) }) },
  problems: ['api_key_forbidden', 'not_found'],
});

export const routes = [getMe, createApiKey, listApiKeys, revokeApiKey];
