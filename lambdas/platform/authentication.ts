import type { Actor, Scope } from './actor.ts';
import { Problem } from './problems.ts';
import type { AnyRoute } from './route.ts';

/**
 * Turns the headers of a request into who is calling. Runs inside the function, first of all, and
 * asks the table every time: a key that was revoked is refused on the very next request.
 *
 * @throws Problem `unauthenticated`, `workspace_forbidden`
 */
export type Authenticate = (header: (name: string) => string | undefined) => Promise<Actor>;

/** The credentials of an `Authorization: Bearer …` header. */
export function bearerToken(header: (name: string) => string | undefined): string {
  const value = header('authorization');
  if (!value) throw unauthenticated('Send an Authorization header: Bearer cp_live_….');
  const match = /^Bearer +(\S+)$/i.exec(value.trim());
  if (!match?.[1])
    throw unauthenticated('The Authorization header must read: Bearer <key or token>.');
  return match[1];
}

export const unauthenticated = (detail: string) =>
  new Problem('unauthenticated', {
    detail,
    headers: { 'WWW-Authenticate': 'Bearer realm="cyberneticphysics"' },
  });

/** @throws Problem `insufficient_scope` naming what is missing */
export function authorize(actor: Actor, access: AnyRoute['access']): void {
  if (access === 'public' || access === 'authenticated') return;
  if (!actor.scopes.has(access)) throw missingScope(actor, access);
}

const missingScope = (actor: Actor, scope: Scope) =>
  new Problem('insufficient_scope', {
    detail: `This needs the scope ${scope}; the key has ${[...actor.scopes].join(', ') || 'none'}.`,
  });
