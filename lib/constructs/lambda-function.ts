import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as Lambda, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { StageConfig } from '../stage-config.ts';
import { bundleFunction } from './function-bundle.ts';
import { acknowledgeWildcards, allow, type Need } from './grant.ts';

export interface LambdaFunctionProps {
  /** Below `lambdas/`: `uploads/sweep-uploads.ts`. Exports `handler`. */
  readonly entry: string;
  /** All that it works with. Its environment and its permissions are made from this alone. */
  readonly needs: readonly Need[];
  readonly timeoutSeconds: number;
  readonly memoryMebibytes?: number;
}

/** A function of `lambdas/` with a role, a log group and a trace of its own. */
export class LambdaFunction extends Construct {
  readonly lambda: Lambda;
  /** The folder of `lambdas/` that it belongs to. */
  readonly capability: string;

  constructor(
    scope: Construct,
    id: string,
    config: StageConfig,
    { entry, needs, timeoutSeconds, memoryMebibytes = 512 }: LambdaFunctionProps,
  ) {
    super(scope, id);
    this.capability = entry.split('/')[0] ?? entry;
    const logGroup = new LogGroup(this, 'Logs', {
      retention: config.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    logGroup.grantWrite(role);
    for (const need of needs) allow(role, need.grants);
    this.lambda = new Lambda(this, 'Function', {
      description: `lambdas/${entry}`,
      code: Code.fromAsset(bundleFunction(entry)),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: memoryMebibytes,
      timeout: Duration.seconds(timeoutSeconds),
      tracing: Tracing.ACTIVE,
      environment: {
        POWERTOOLS_SERVICE_NAME: this.capability,
        ...Object.assign({}, ...needs.map((need) => need.environment)),
      },
      role,
      logGroup,
    });
    acknowledgeWildcards(role, ['*'], 'X-Ray takes trace segments for no resource in particular.');
  }
}
