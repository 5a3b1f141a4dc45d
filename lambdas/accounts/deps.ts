import { randomBytes } from 'node:crypto';
import type { ApiDeps } from '../platform/serve.ts';
import { settings } from '../platform/settings.ts';
import type { RandomBytes } from './api-key-format.ts';
import type { AuthenticateDeps } from './authenticate.ts';
import { authenticationDeps, authenticationVariables } from './authentication-deps.ts';

export interface AccountsDeps extends ApiDeps, Omit<AuthenticateDeps, 'verifyToken'> {
  readonly randomBytes: RandomBytes;
}

export const environment = settings(authenticationVariables);

export const makeDeps = (): AccountsDeps => ({
  ...authenticationDeps(environment.read()),
  randomBytes,
});
