import type * as z from 'zod';
import type { Scope } from './actor.ts';
import type { ProblemCode } from './problems.ts';

/**
 * A route is a value. It is the only place where a path, a body, a scope or a problem is written;
 * the handler, the API Gateway method, the OpenAPI document and the clients are made from it.
 */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Success extends z.ZodType = z.ZodType,
> {
  /** Verb and noun in camel case: `createJob`. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As API Gateway writes it: `/v1/jobs/{id}`. */
  readonly path: string;
  /** Heading under which the documentation lists the route. */
  readonly tag: string;
  readonly summary: string;
  /**
   * Who may call: anyone (`public`), any valid credential whatever its scopes (`authenticated`), or
   * credentials with that scope. People who signed in have every scope.
   */
  readonly access: 'public' | 'authenticated' | Scope;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly success: { readonly status: 200 | 201 | 202; readonly schema: Success };
  /** Besides those that every route may answer. */
  readonly problems: readonly ProblemCode[];
  /** Accepts `Idempotency-Key`: a repeated request answers what the first one answered. */
  readonly idempotent?: true;
}

export const route = <
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Success extends z.ZodType,
>(
  value: Route<Params, Query, Body, Success>,
): Route<Params, Query, Body, Success> => value;

export type AnyRoute = Route;

/** What may go wrong on any route that asks for credentials or takes a body. */
export function problemsOf(value: AnyRoute): ProblemCode[] {
  const codes = new Set<ProblemCode>(value.problems);
  codes.add('internal');
  codes.add('temporarily_unavailable');
  if (value.access !== 'public') codes.add('unauthenticated').add('workspace_forbidden');
  if (value.access !== 'public' && value.access !== 'authenticated')
    codes.add('insufficient_scope');
  if (value.params || value.query || value.body) codes.add('validation_failed');
  if (value.body) codes.add('malformed_json').add('body_too_large').add('unsupported_media_type');
  if (value.idempotent) codes.add('idempotency_key_reused');
  return [...codes].sort();
}
