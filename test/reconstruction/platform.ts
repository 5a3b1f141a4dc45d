import { randomBytes } from 'node:crypto';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { ulid } from 'ulid';
import { expect } from 'vitest';
import { accountsApi } from '../../lambdas/accounts/api.ts';
import { authenticationDeps } from '../../lambdas/accounts/authentication-deps.ts';
import { routes as accountRoutes } from '../../lambdas/accounts/routes.ts';
import { gpusApi } from '../../lambdas/gpus/api.ts';
import { routes as gpuRoutes } from '../../lambdas/gpus/routes.ts';
import type { Scope } from '../../lambdas/platform/actor.ts';
import { documents } from '../../lambdas/platform/dynamodb.ts';
import { type AnyRoute, problemsOf } from '../../lambdas/platform/route.ts';
import { s3 } from '../../lambdas/platform/s3.ts';
import { jobsApi } from '../../lambdas/reconstruction/api.ts';
import { jobBucket } from '../../lambdas/reconstruction/job-bucket.ts';
import { jobStore } from '../../lambdas/reconstruction/job-store.ts';
import { logBucket } from '../../lambdas/reconstruction/log-bucket.ts';
import { routes as jobRoutes } from '../../lambdas/reconstruction/routes.ts';
import { uploadsApi } from '../../lambdas/uploads/api.ts';
import { routes as uploadRoutes } from '../../lambdas/uploads/routes.ts';
import { uploadBucket } from '../../lambdas/uploads/upload-bucket.ts';
import { uploadStore } from '../../lambdas/uploads/upload-store.ts';
import { startIssuer } from '../accounts/issuer.ts';
import { type Answer, bearer, createSecret, movableClock } from '../accounts/service.ts';
import { createTables } from '../dynamodb.ts';

export type Headers = Record<string, string>;

interface Request {
  readonly headers?: Headers | undefined;
  /** Sent as JSON; a string goes as it is. */
  readonly body?: unknown;
  readonly query?: Record<string, string>;
}

/** The APIs behind the front door, as deployed, on tables and buckets of their own. */
export async function startPlatform() {
  const clock = movableClock();
  const issuer = await startIssuer(clock);
  const tables = await createTables('accounts', 'apiKeys', 'idempotency', 'uploads', 'jobs');
  const api = authenticationDeps(
    {
      ACCOUNTS_TABLE: tables.accounts,
      API_KEYS_TABLE: tables.apiKeys,
      IDEMPOTENCY_TABLE: tables.idempotency,
      API_KEY_PEPPER_SECRET_ARN: await createSecret('a pepper for tests'),
      OIDC_ISSUER: issuer.issuer,
      OIDC_AUDIENCE: issuer.audience,
      OIDC_JWKS_URI: issuer.jwksUri,
    },
    clock,
  );
  const artifacts = await createBucket('artifacts');
  const deps = {
    ...api,
    randomBytes,
    uploads: uploadStore(documents(), tables.uploads),
    uploadBucket: uploadBucket(s3(), await createBucket('uploads')),
    jobs: jobStore(documents(), tables.jobs, clock),
    bucket: jobBucket(s3(), artifacts),
    logs: logBucket(s3(), artifacts),
    engine: 'cpu-lite' as const,
  };
  const apis = [
    { routes: accountRoutes, handler: accountsApi(() => deps) },
    { routes: gpuRoutes, handler: gpusApi(() => deps) },
    {
      routes: uploadRoutes,
      handler: uploadsApi(() => ({ ...deps, bucket: deps.uploadBucket })),
    },
    { routes: jobRoutes, handler: jobsApi(() => deps) },
  ];

  async function call(method: string, path: string, request: Request = {}): Promise<Answer> {
    for (const { routes, handler } of apis) {
      const route = routes.find((route) => route.method === method && parametersOf(route, path));
      if (!route) continue;
      const result = await handler(eventOf(route, path, request), {} as Context);
      const answer = {
        status: result.statusCode,
        headers: result.headers ?? {},
        body: JSON.parse(result.body),
      };
      expectDeclared(route, answer);
      return answer;
    }
    throw new Error(`no route for ${method} ${path}`);
  }

  const person = async (subject: string) =>
    bearer(await issuer.token({ sub: subject, preferred_username: subject }));

  /** An API key of that person's workspace with no other scopes than these. */
  const keyWith = async (owner: Headers, ...scopes: Scope[]) => {
    const body = { name: 'a test', scopes };
    return bearer((await call('POST', '/v1/api-keys', { headers: owner, body })).body.key);
  };

  return { call, clock, deps, tables, person, keyWith, stop: issuer.stop };
}

export type Platform = Awaited<ReturnType<typeof startPlatform>>;

const eventOf = (route: AnyRoute, path: string, { headers, body, query }: Request) =>
  ({
    httpMethod: route.method,
    path,
    resource: route.path,
    pathParameters: parametersOf(route, path) ?? null,
    queryStringParameters: query ?? null,
    headers: headers ?? {},
    body: typeof body === 'string' || body === undefined ? (body ?? null) : JSON.stringify(body),
  }) as unknown as APIGatewayProxyEvent;

function parametersOf(route: AnyRoute, path: string): Record<string, string> | undefined {
  const pattern = route.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  const match = new RegExp(`^${pattern}$`).exec(path);
  return match ? { ...match.groups } : undefined;
}

/** A route answers its schema, or a problem that it declares. */
function expectDeclared(route: AnyRoute, { status, body }: Answer): void {
  if (status === route.success.status) route.success.schema.parse(body);
  else expect(problemsOf(route)).toContain(body.code);
}

export async function createBucket(purpose: string): Promise<string> {
  const name = `${purpose}-${ulid().toLowerCase()}`;
  await s3().send(new CreateBucketCommand({ Bucket: name }));
  return name;
}
