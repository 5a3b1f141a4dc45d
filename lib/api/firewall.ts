import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnLoggingConfiguration, CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { StageConfig } from '../stage-config.ts';

export interface FirewallProps {
  readonly api: RestApi;
  readonly requestsPerAddressPerFiveMinutes: number;
}

const fiveMinutesInSeconds = 300;

/**
 * Groups of rules that AWS keeps. What they say of bodies only counts: a body is JSON of up to
 * 256 KiB, checked by the function, and holds names and addresses that look like attacks and are none.
 */
const managedRules = [
  { name: 'AWSManagedRulesAmazonIpReputationList', countOnly: [] },
  { name: 'AWSManagedRulesKnownBadInputsRuleSet', countOnly: [] },
  {
    name: 'AWSManagedRulesCommonRuleSet',
    countOnly: [
      'SizeRestrictions_BODY',
      'CrossSiteScripting_BODY',
      'EC2MetaDataSSRF_BODY',
      'GenericLFI_BODY',
      'GenericRFI_BODY',
    ],
  },
] as const;

/** Stands before the API: limits what one address may send, and refuses known attacks. */
export class Firewall extends Construct {
  constructor(
    scope: Construct,
    id: string,
    config: StageConfig,
    { api, requestsPerAddressPerFiveMinutes }: FirewallProps,
  ) {
    super(scope, id);
    const acl = new CfnWebACL(this, 'Acl', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visible('Firewall'),
      rules: [
        {
          name: 'RateOfOneAddress',
          priority: 0,
          action: { block: {} },
          statement: {
            rateBasedStatement: {
              aggregateKeyType: 'IP',
              evaluationWindowSec: fiveMinutesInSeconds,
              limit: requestsPerAddressPerFiveMinutes,
            },
          },
          visibilityConfig: visible('RateOfOneAddress'),
        },
        ...managedRules.map(({ name, countOnly }, index) => ({
          name,
          priority: index + 1,
          overrideAction: { none: {} },
          statement: {
            managedRuleGroupStatement: {
              vendorName: 'AWS',
              name,
              ruleActionOverrides: countOnly.map((rule) => ({
                name: rule,
                actionToUse: { count: {} },
              })),
            },
          },
          visibilityConfig: visible(name),
        })),
      ],
    });
    new CfnWebACLAssociation(this, 'Association', {
      webAclArn: acl.attrArn,
      resourceArn: api.deploymentStage.stageArn,
    });
    // WAF takes no log group whose name begins otherwise.
    const logGroupName = `aws-waf-logs-${config.prefix}`;
    const logs = new LogGroup(this, 'Logs', {
      logGroupName,
      retention: config.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const logging = new CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: acl.attrArn,
      // The group's own ARN ends in `:*`, which WAF refuses.
      logDestinationConfigs: [
        `arn:aws:logs:${config.region}:${config.account}:log-group:${logGroupName}`,
      ],
      redactedFields: [{ singleHeader: { Name: 'authorization' } }],
    });
    logging.node.addDependency(logs);
  }
}

const visible = (metricName: string) => ({
  metricName,
  cloudWatchMetricsEnabled: true,
  sampledRequestsEnabled: true,
});
