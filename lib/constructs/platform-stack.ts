import { Stack, type StackProps, Tags } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { StageConfig } from '../stage-config.ts';

/** A stack of the stage: its place is fixed, so that making its template asks nobody anything. */
export class PlatformStack extends Stack {
  readonly config: StageConfig;

  constructor(scope: Construct, id: string, config: StageConfig, props: StackProps = {}) {
    super(scope, id, {
      stackName: `${config.prefix}-${id.toLowerCase()}`,
      env: { account: config.account, region: config.region },
      ...props,
    });
    this.config = config;
    Tags.of(this).add('platform', config.prefix);
  }

  /** A network asks its stack even where it is told; the answer of CDK itself is a look-up. */
  override get availabilityZones(): string[] {
    return this.config.availabilityZones;
  }
}
