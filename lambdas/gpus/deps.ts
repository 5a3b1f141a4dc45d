import { authenticationDeps, authenticationVariables } from '../accounts/authentication-deps.ts';
import type { ApiDeps } from '../platform/serve.ts';
import { settings } from '../platform/settings.ts';

export const environment = settings(authenticationVariables);

export const makeDeps = (): ApiDeps => authenticationDeps(environment.read());
