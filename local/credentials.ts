import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { authenticationDeps } from '../lambdas/accounts/authentication-deps.ts';
import { type DemoAccount, seedDemoAccount } from '../lambdas/accounts/seed.ts';
import type { Identity, Profile } from '../lambdas/accounts/user.ts';
import { type DataFolder, writePrivately } from './data-folder.ts';
import { type Deployment, output } from './deployment.ts';
import { demoPerson, mountPath } from './identity-provider.ts';

/** What a client on this machine needs to know, in `.local/credentials.json`. */
export interface Credentials {
  readonly baseUrl: string;
  /** Of the demo workspace, with every scope. */
  readonly apiKey: string;
  readonly workspaceId: string;
  readonly dashboardUrl: string;
}

const fileName = 'credentials.json';

/**
 * Opens the demo account where it is new, and writes down how to use it, for this user alone. The
 * key of an earlier start is kept as long as it works.
 *
 * @param path where clients look for it; the data folder keeps one of its own
 */
export async function demoCredentials(
  frontDoorUrl: string,
  deployment: Deployment,
  folder: DataFolder,
  path: string,
): Promise<Credentials> {
  const kept = await folder.readJson<Credentials>(fileName);
  const identity = { issuer: `${frontDoorUrl}${mountPath}`, subject: demoPerson.subject };
  const { profile } = demoPerson;
  const { apiKey, workspaceId } = await accountFor(identity, profile, deployment, kept?.apiKey);
  const credentials = {
    baseUrl: frontDoorUrl,
    apiKey,
    workspaceId,
    dashboardUrl: `${frontDoorUrl}/`,
  };
  await folder.writeJson(fileName, credentials);
  await mkdir(dirname(path), { recursive: true });
  await writePrivately(path, `${JSON.stringify(credentials, null, 2)}\n`);
  return credentials;
}

/** An account and a key with every scope, made on the tables of the deployment. */
export function accountFor(
  identity: Identity,
  profile: Profile,
  deployment: Deployment,
  keptKey?: string,
): Promise<DemoAccount> {
  const deps = authenticationDeps({
    ACCOUNTS_TABLE: output(deployment, 'AccountsTableName'),
    API_KEYS_TABLE: output(deployment, 'ApiKeysTableName'),
    IDEMPOTENCY_TABLE: output(deployment, 'IdempotencyTableName'),
    API_KEY_PEPPER_SECRET_ARN: output(deployment, 'ApiKeyPepperSecretArn'),
    OIDC_ISSUER: identity.issuer,
    OIDC_AUDIENCE: output(deployment, 'OidcAudience'),
    OIDC_JWKS_URI: `${identity.issuer}/jwks`,
  });
  return seedDemoAccount({ ...deps, randomBytes }, identity, profile, keptKey);
}
