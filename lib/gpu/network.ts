import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { StageConfig } from '../stage-config.ts';

/**
 * Where job hosts stand: public subnets, into which nothing is let. Private ones would need a NAT
 * gateway, always on and paid by the gigabyte of image and photos; S3 and DynamoDB are reached by
 * gateway endpoints that cost nothing.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  readonly jobHosts: SecurityGroup;

  constructor(scope: Construct, id: string, config: StageConfig) {
    super(scope, id);
    const vpc = new Vpc(this, 'Vpc', {
      availabilityZones: config.availabilityZones,
      natGateways: 0,
      subnetConfiguration: [{ name: 'jobs', subnetType: SubnetType.PUBLIC, cidrMask: 20 }],
      // Nothing is ever put into the default group; emptying it would take a custom resource.
      restrictDefaultSecurityGroup: false,
      gatewayEndpoints: {
        s3: { service: GatewayVpcEndpointAwsService.S3 },
        dynamodb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
    if (config.network.flowLogs) {
      const logGroup = new LogGroup(this, 'FlowLogs', {
        retention: config.logRetentionDays,
        removalPolicy: RemovalPolicy.DESTROY,
      });
      vpc.addFlowLog('FlowLog', { destination: FlowLogDestination.toCloudWatchLogs(logGroup) });
    } else {
      Validations.of(vpc).acknowledge({
        id: 'AwsSolutions-VPC7',
        reason: 'On a laptop the network is a record that no packet crosses.',
      });
    }
    this.vpc = vpc as IVpc;
    this.jobHosts = new SecurityGroup(this, 'JobHosts', {
      vpc: this.vpc,
      description: 'Hosts of jobs: HTTPS out, nothing in',
      allowAllOutbound: false,
    });
    this.jobHosts.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'AWS APIs, images');
  }
}
