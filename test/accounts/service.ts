import { randomBytes } from 'node:crypto';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { ulid } from 'ulid';
import { expect } from 'vitest';
import { accountsApi } from '../../lambdas/accounts/api.ts';
import { authenticationDeps } from '../../lambdas/accounts/authentication-deps.ts';
import { routes } from '../../lambdas/accounts/routes.ts';
import { type AnyRoute, problemsOf } from '../../lambdas/platform/route.ts';
import { createTables } from '../dynamodb.ts';
import { type Issuer, startIssuer } from './issuer.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into what came back
  readonly body: any;
}

interface Request {
  readonly headers?: Record<string, string>;
  /** Sent as JSON; a string goes as it is. */
  readonly body?: unknown;
  readonly query?: Record<string, string>;
}

/** A clock that stands still until a test moves it. */
export function movableClock() {
  let now = Date.now();
  return {
    now: () => now,
    advance: (millis: number) => {
      now += millis;
    },
  };
}

/** The accounts API as it is deployed: its own composition, on tables and a secret made for it. */
export async function startService() {
  const clock = movableClock();
  const issuer = await startIssuer(clock);
  const tables = await createTables('accounts', 'apiKeys', 'idempotency');
  const deps = {
    ...authenticationDeps(
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
    ),
    randomBytes,
  };
  const handler = accountsApi(() => deps);

  const call = async (method: string, path: string, request: Request = {}): Promise<Answer> => {
    const { body, query, headers } = request;
    const keyId = /^\/v1\/api-keys\/(.+)$/.exec(path)?.[1];
    const resource = keyId === undefined ? path : '/v1/api-keys/{id}';
    const event = {
      httpMethod: method,
      path,
      resource,
      pathParameters: keyId === undefined ? null : { id: decodeURIComponent(keyId) },
      queryStringParameters: query ?? null,
      headers: headers ?? {},
      body: typeof body === 'string' || body === undefined ? (body ?? null) : JSON.stringify(body),
    } as unknown as APIGatewayProxyEvent;
    const result = await handler(event, {} as Context);
    const answer = {
      status: result.statusCode,
      headers: result.headers ?? {},
      body: JSON.parse(result.body),
    };
    const route = routes.find((route) => route.method === method && route.path === resource);
    if (route) expectDeclared(route, answer);
    return answer;
  };

  return { call, deps, clock, issuer, person: personOf(issuer), stop: issuer.stop };
}

export type Service = Awaited<ReturnType<typeof startService>>;

/** A route answers its schema, or a problem that it declares. */
function expectDeclared(route: AnyRoute, { status, body }: Answer): void {
  if (status === route.success.status) route.success.schema.parse(body);
  else expect(problemsOf(route)).toContain(body.code);
}

/** The header of someone who signed in. */
const personOf =
  (issuer: Issuer) =>
  async (subject: string, claims: Record<string, string> = {}) =>
    bearer(await issuer.token({ sub: subject, preferred_username: subject, ...claims }));

export const bearer = (credentials: string) => ({ Authorization: `Bearer ${credentials}` });

/** @returns its ARN */
export async function createSecret(value: string, name = `pepper-${ulid()}`): Promise<string> {
  const created = await new SecretsManagerClient({}).send(
    new CreateSecretCommand({ Name: name, SecretString: value }),
  );
  if (!created.ARN) throw new Error('the secret has no ARN');
  return created.ARN;
}
