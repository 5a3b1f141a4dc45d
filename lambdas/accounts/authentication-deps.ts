import * as z from 'zod';
import { type Clock, systemClock } from '../platform/clock.ts';
import { documents } from '../platform/dynamodb.ts';
import { idempotencyStore } from '../platform/idempotency.ts';
import { newId } from '../platform/ids.ts';
import { storedSecret } from '../platform/secret.ts';
import type { ApiDeps } from '../platform/serve.ts';
import { accountStore } from './account-store.ts';
import { apiKeyStore } from './api-key-store.ts';
import { type AuthenticateDeps, authenticator } from './authenticate.ts';
import { tokenVerifier } from './verify-token.ts';

/**
 * The variables of every API function, to be spread into its own:
 * `settings({ ...authenticationVariables, UPLOADS_TABLE: z.string() })`.
 */
export const authenticationVariables = {
  ACCOUNTS_TABLE: z.string(),
  API_KEYS_TABLE: z.string(),
  IDEMPOTENCY_TABLE: z.string(),
  API_KEY_PEPPER_SECRET_ARN: z.string(),
  OIDC_ISSUER: z.url(),
  OIDC_AUDIENCE: z.string(),
  OIDC_JWKS_URI: z.url(),
};

type AuthenticationEnvironment = z.infer<z.ZodObject<typeof authenticationVariables>>;

/** What every API function is built on: it knows who calls, and remembers what it answered. */
export function authenticationDeps(
  environment: AuthenticationEnvironment,
  clock: Clock = systemClock,
): ApiDeps & AuthenticateDeps {
  const deps: AuthenticateDeps = {
    clock,
    newId,
    accounts: accountStore(documents(), environment.ACCOUNTS_TABLE),
    apiKeys: apiKeyStore(documents(), environment.API_KEYS_TABLE),
    pepper: storedSecret(environment.API_KEY_PEPPER_SECRET_ARN),
    verifyToken: tokenVerifier(
      {
        issuer: environment.OIDC_ISSUER,
        audience: environment.OIDC_AUDIENCE,
        jwksUri: environment.OIDC_JWKS_URI,
      },
      clock,
    ),
  };
  return {
    ...deps,
    authenticate: authenticator(deps),
    idempotency: idempotencyStore(documents(), environment.IDEMPOTENCY_TABLE, clock),
  };
}
