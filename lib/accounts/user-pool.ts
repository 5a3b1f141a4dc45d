import {
  AccountRecovery,
  CfnManagedLoginBranding,
  UserPool as CognitoUserPool,
  FeaturePlan,
  ManagedLoginVersion,
  OAuthScope,
} from 'aws-cdk-lib/aws-cognito';
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { IdentityProvider, StageConfig } from '../stage-config.ts';
import type { Identity } from './identity.ts';

/**
 * People of the stage: they sign in on Cognito's pages, from a browser that keeps no secret. Their ID
 * tokens are what the API accepts: Cognito's access tokens carry no audience.
 */
export class UserPool extends Construct {
  readonly identity: Identity;

  constructor(
    scope: Construct,
    id: string,
    config: StageConfig,
    { domainPrefix, callbackUrls }: Extract<IdentityProvider, { provider: 'cognito' }>,
  ) {
    super(scope, id);
    const pool = new CognitoUserPool(this, 'Pool', {
      signInAliases: { email: true },
      selfSignUpEnabled: true,
      autoVerify: { email: true },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      passwordPolicy: {
        minLength: 12,
        requireDigits: true,
        requireLowercase: true,
        requireUppercase: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
      },
      featurePlan: FeaturePlan.ESSENTIALS,
      deletionProtection: config.keepsData,
      removalPolicy: config.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    pool.addDomain('Domain', {
      cognitoDomain: { domainPrefix },
      managedLoginVersion: ManagedLoginVersion.NEWER_MANAGED_LOGIN,
    });
    const client = pool.addClient('Browser', {
      generateSecret: false,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      idTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.days(30),
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID, OAuthScope.EMAIL, OAuthScope.PROFILE],
        callbackUrls,
      },
    });
    new CfnManagedLoginBranding(this, 'Branding', {
      userPoolId: pool.userPoolId,
      clientId: client.userPoolClientId,
      useCognitoProvidedValues: true,
    });
    Validations.of(pool).acknowledge(
      {
        id: 'AwsSolutions-COG2',
        reason:
          'A second factor is the choice of whoever runs the stage; many bring their own OIDC.',
      },
      {
        id: 'AwsSolutions-COG8',
        reason: 'Threat protection needs the Plus plan; the firewall limits the rate of guesses.',
      },
    );
    const issuer = `https://cognito-idp.${Stack.of(this).region}.amazonaws.com/${pool.userPoolId}`;
    this.identity = {
      issuer,
      audience: client.userPoolClientId,
      jwksUri: `${issuer}/.well-known/jwks.json`,
    };
  }
}
