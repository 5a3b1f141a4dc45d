import type { Need } from '../constructs/grant.ts';
import type { DataStack } from '../data/data-stack.ts';

/** The provider whose tokens are accepted. */
export interface Identity {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
}

/** What every function needs that answers authenticated routes. */
export const authenticationNeeds = (data: DataStack, identity: Identity): Need[] => [
  // The first token of a person opens their account.
  data.accounts.need('GetItem', 'PutItem'),
  data.apiKeys.need('GetItem', 'UpdateItem'),
  data.idempotency.need('GetItem', 'PutItem'),
  data.apiKeyPepper(),
  {
    environment: {
      OIDC_ISSUER: identity.issuer,
      OIDC_AUDIENCE: identity.audience,
      OIDC_JWKS_URI: identity.jwksUri,
    },
    grants: [],
  },
];
