import { LambdaIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Architecture, Code, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

export interface BareGetJobProps extends StackProps {
  /** With `index.mjs`. */
  readonly bundle: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A function behind an API, as any tutorial has it; its outputs are named like the platform's. */
export class BareGetJobStack extends Stack {
  constructor(scope: Construct, id: string, { bundle, environment, ...props }: BareGetJobProps) {
    super(scope, id, props);
    const lambda = new Lambda(this, 'GetJob', {
      code: Code.fromAsset(bundle),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 1769,
      environment: { ...environment },
    });
    const api = new RestApi(this, 'Api', { deployOptions: { stageName: 'live' } });
    api.root.resourceForPath('/v1/jobs/{id}').addMethod('GET', new LambdaIntegration(lambda));
    new CfnOutput(this, 'ApiId', { value: api.restApiId });
    new CfnOutput(this, 'ApiStageName', { value: api.deploymentStage.stageName });
  }
}
