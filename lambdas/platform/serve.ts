import { MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type * as z from 'zod';
import type { Actor } from './actor.ts';
import { type Authenticate, authorize } from './authentication.ts';
import type { Clock } from './clock.ts';
import {
  type Idempotency,
  type IdempotencyStore,
  idempotencyKeyOf,
  notIdempotent,
  once,
} from './idempotency.ts';
import { type NewId, RequestId } from './ids.ts';
import { log } from './log.ts';
import { metrics } from './metrics.ts';
import { Problem, problemBody } from './problems.ts';
import { readJson } from './request-body.ts';
import type { AnyRoute, Route } from './route.ts';
import { validate } from './validation.ts';

/** What every API function has, whatever it is about. */
export interface ApiDeps {
  readonly clock: Clock;
  readonly newId: NewId;
  readonly authenticate: Authenticate;
  readonly idempotency: IdempotencyStore;
}

/** A request that has passed authentication, authorization and its schemas. */
export interface ServedRequest<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly actor: Actor;
  readonly requestId: RequestId;
  readonly idempotency: Idempotency;
}

type Infer<Schema> = Schema extends z.ZodType ? z.infer<Schema> : undefined;

export interface ServedRoute<Deps> {
  readonly route: AnyRoute;
  readonly handle: (deps: Deps, request: ServedRequest<never, never, never>) => Promise<unknown>;
  readonly replay: (remembered: never, deps: Deps) => unknown;
}

/**
 * Binds a route to the use case that answers it.
 *
 * @param replay what a repeated request is answered, made from what the first one remembered; the
 *   same again, unless said otherwise
 */
export function serve<
  Deps,
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Success extends z.ZodType,
>(
  route: Route<Params, Query, Body, Success>,
  handle: (
    deps: Deps,
    request: ServedRequest<Infer<Params>, Infer<Query>, Infer<Body>>,
  ) => Promise<z.input<Success>>,
  replay: (remembered: never, deps: Deps) => z.input<Success> | Promise<z.input<Success>> = (
    remembered,
  ) => remembered,
): ServedRoute<Deps> {
  return { route, handle, replay };
}

/**
 * The handler of an API function: finds the route, authenticates, validates, runs the use case, and
 * turns whatever happens into an answer. One log line and one metric per request.
 *
 * @param makeDeps called once, on the first request
 */
export function restApi<Deps extends ApiDeps>(
  makeDeps: () => Deps,
  served: readonly ServedRoute<Deps>[],
) {
  const routes = new Map(
    served.map((entry) => [`${entry.route.method} ${entry.route.path}`, entry]),
  );
  let deps: Deps | undefined;
  const handler = async (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => {
    deps ??= makeDeps();
    const startedAt = deps.clock.now();
    const header = headersOf(event);
    const requestId = requestIdOf(header, deps.newId);
    const entry = routes.get(`${event.httpMethod} ${event.resource}`);
    const line: Record<string, unknown> = { requestId, route: entry?.route.id ?? 'none' };
    let result: APIGatewayProxyResult;
    try {
      if (!entry) throw new Problem('route_not_found', { detail: routeHint(event) });
      result = await answer(deps, entry, event, header, requestId, line);
    } catch (error) {
      result = problemResult(error, requestId, line);
    }
    finish(line, result, deps.clock.now() - startedAt);
    return result;
  };
  return middy(handler);
}

async function answer<Deps extends ApiDeps>(
  deps: Deps,
  { route, handle, replay }: ServedRoute<Deps>,
  event: APIGatewayProxyEvent,
  header: (name: string) => string | undefined,
  requestId: RequestId,
  line: Record<string, unknown>,
): Promise<APIGatewayProxyResult> {
  const actor = route.access === 'public' ? undefined : await deps.authenticate(header);
  if (actor) {
    line.workspaceId = actor.workspaceId;
    line.credential = actor.credential.kind;
    authorize(actor, route.access);
  }
  const params = route.params && validate(route.params, event.pathParameters ?? {}, 'path');
  const query = route.query && validate(route.query, event.queryStringParameters ?? {}, 'query');
  const body = route.body && validate(route.body, readJson(event, header), '');
  const request = { params, query, body, actor, requestId, idempotency: notIdempotent };
  const key = route.idempotent && actor ? idempotencyKeyOf(header) : undefined;
  if (key === undefined || !actor) {
    const success = await handle(deps, request as never);
    return successResult(route, success, requestId, {});
  }
  const { answer: remembered, replayed } = await once(
    deps.idempotency,
    `${actor.workspaceId} ${route.id}`,
    key,
    body,
    (idempotency) => handle(deps, { ...request, idempotency } as never),
  );
  line.replayed = replayed;
  const success = replayed ? await replay(remembered as never, deps) : remembered;
  return successResult(route, success, requestId, { 'Idempotency-Replayed': String(replayed) });
}

function successResult(
  route: AnyRoute,
  body: unknown,
  requestId: string,
  headers: Record<string, string>,
): APIGatewayProxyResult {
  return {
    statusCode: route.success.status,
    headers: { ...commonHeaders(requestId), 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

/** A problem is shown as it is; anything else is a defect, logged whole and shown as `internal`. */
function problemResult(
  error: unknown,
  requestId: string,
  line: Record<string, unknown>,
): APIGatewayProxyResult {
  const problem = error instanceof Problem ? error : new Problem('internal', { cause: error });
  line.code = problem.code;
  if (!(error instanceof Problem)) log.error('http.defect', { requestId, error: error as Error });
  return {
    statusCode: problem.status,
    headers: {
      ...commonHeaders(requestId),
      'Content-Type': 'application/problem+json',
      'x-should-retry': String(problem.retryable),
      ...problem.headers,
    },
    body: JSON.stringify(problemBody(problem, requestId)),
  };
}

const commonHeaders = (requestId: string) => ({
  'X-Request-Id': requestId,
  'Cache-Control': 'no-store',
});

function finish(
  line: Record<string, unknown>,
  result: APIGatewayProxyResult,
  durationMillis: number,
): void {
  log.info('http.request', { ...line, status: result.statusCode, durationMillis });
  metrics.addDimension('route', String(line.route));
  metrics.addMetric('RequestDuration', MetricUnit.Milliseconds, durationMillis);
  metrics.addMetric('Defects', MetricUnit.Count, result.statusCode >= 500 ? 1 : 0);
  metrics.publishStoredMetrics();
}

/** Header names in any case; API Gateway and its emulators differ. */
function headersOf(event: APIGatewayProxyEvent): (name: string) => string | undefined {
  const headers = new Map(
    Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return (name) => headers.get(name);
}

/** The caller's own id where it sent a usable one, so that both sides can find the same request. */
function requestIdOf(header: (name: string) => string | undefined, newId: NewId): RequestId {
  const sent = RequestId.safeParse(header('x-request-id'));
  return sent.success ? sent.data : newId('req');
}

const routeHint = (event: APIGatewayProxyEvent) =>
  `${event.httpMethod} ${event.path} is not a route of this API. See /openapi.json.`;
