import { CfnAccount, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

const policy = 'service-role/AmazonAPIGatewayPushToCloudWatchLogs';

/**
 * Lets API Gateway write logs. The role is a setting of the account and region, not of an API:
 * whoever sets it last, sets it for all.
 */
export function allowGatewayLogs(scope: Construct, api: RestApi): void {
  const role = new Role(scope, 'GatewayLogsRole', {
    assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
    managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(policy)],
  });
  Validations.of(role).acknowledge({
    id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`,
    reason: 'The one policy with which API Gateway accepts the role.',
  });
  const account = new CfnAccount(scope, 'GatewayAccount', { cloudWatchRoleArn: role.roleArn });
  api.deploymentStage.node.addDependency(account);
}
