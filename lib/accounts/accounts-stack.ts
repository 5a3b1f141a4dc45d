import { CfnOutput } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { routes } from '../../lambdas/accounts/routes.ts';
import { PlatformStack } from '../constructs/platform-stack.ts';
import { RouteFunction } from '../constructs/route-function.ts';
import type { DataStack } from '../data/data-stack.ts';
import type { StageConfig } from '../stage-config.ts';
import { authenticationNeeds, type Identity } from './identity.ts';
import { UserPool } from './user-pool.ts';

/** Who may call: people, their workspaces, API keys, and the provider that signs people in. */
export class AccountsStack extends PlatformStack {
  readonly identity: Identity;
  readonly api: RouteFunction;

  constructor(scope: Construct, id: string, config: StageConfig, { data }: { data: DataStack }) {
    super(scope, id, config);
    const { identity } = config;
    this.identity =
      identity.provider === 'cognito'
        ? new UserPool(this, 'UserPool', config, identity).identity
        : identity;
    this.api = new RouteFunction(this, 'AccountsApi', config, {
      entry: 'accounts/api.ts',
      routes,
      needs: [
        ...authenticationNeeds(data, this.identity),
        data.accounts.need('Query'),
        data.apiKeys.need('PutItem', 'DeleteItem', 'Query'),
      ],
    });
    new CfnOutput(this, 'OidcIssuer', { value: this.identity.issuer });
    new CfnOutput(this, 'OidcAudience', { value: this.identity.audience });
  }
}
