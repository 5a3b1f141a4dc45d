import { join } from 'node:path';
import {
  Action,
  EcsEc2ContainerDefinition,
  EcsJobDefinition,
  LinuxParameters,
  Reason,
  RetryStrategy,
} from 'aws-cdk-lib/aws-batch';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage, LogDriver } from 'aws-cdk-lib/aws-ecs';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Duration, Size } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { JobImage } from '../stage-config.ts';
import { acknowledgeWildcards, allow, type Grant } from './grant.ts';

export interface GpuJobProps {
  /** The folder of `containers/`, and the Python package in it. */
  readonly package: string;
  readonly image: JobImage;
  readonly vcpus: number;
  readonly memoryMebibytes: number;
  readonly sharedMemoryMebibytes: number;
  /** None for stages that need no GPU and run on cheaper hosts. */
  readonly gpus: 0 | 1;
  readonly attemptMaxHours: number;
  readonly grants: readonly Grant[];
  readonly logGroup: LogGroup;
}

/** Spot hosts are reclaimed now and then; a job that lost five is unlucky enough to be looked at. */
const attempts = 5;

/** The first rule that matches decides; without the last one everything else would be tried again. */
const retries = [
  RetryStrategy.of(Action.RETRY, Reason.SPOT_INSTANCE_RECLAIMED),
  RetryStrategy.of(Action.RETRY, Reason.CANNOT_PULL_CONTAINER),
  // EX_TEMPFAIL of containers/README.md.
  RetryStrategy.of(Action.RETRY, Reason.custom({ onExitCode: '75' })),
  // Killed from outside, by hand or for memory: the next attempt goes on from the checkpoint.
  RetryStrategy.of(Action.RETRY, Reason.custom({ onExitCode: '137' })),
  RetryStrategy.of(Action.EXIT, Reason.custom({ onReason: '*' })),
];

/** A Batch job definition that runs a package of `containers/` as containers/README.md says. */
export class GpuJob extends Construct {
  readonly definition: EcsJobDefinition;

  constructor(scope: Construct, id: string, props: GpuJobProps) {
    super(scope, id);
    const principal = new ServicePrincipal('ecs-tasks.amazonaws.com');
    const jobRole = new Role(this, 'Role', { assumedBy: principal });
    allow(jobRole, props.grants);
    const container = new EcsEc2ContainerDefinition(this, 'Container', {
      image: imageOf(this, props),
      command: ['python', '-m', 'job_runtime', props.package],
      cpu: props.vcpus,
      memory: Size.mebibytes(props.memoryMebibytes),
      ...(props.gpus > 0 && { gpu: props.gpus }),
      jobRole,
      linuxParameters: new LinuxParameters(this, 'Linux', {
        sharedMemorySize: Size.mebibytes(props.sharedMemoryMebibytes),
        // Reaps what a killed stage leaves behind.
        initProcessEnabled: true,
      }),
      logging: LogDriver.awsLogs({ streamPrefix: props.package, logGroup: props.logGroup }),
    });
    if (props.image.source !== 'registry') {
      acknowledgeWildcards(
        container.executionRole,
        ['*'],
        'Tokens of ECR are for no one repository.',
      );
    }
    this.definition = new EcsJobDefinition(this, 'Definition', {
      container,
      retryAttempts: attempts,
      retryStrategies: retries,
      timeout: Duration.hours(props.attemptMaxHours),
      propagateTags: true,
    });
  }
}

function imageOf(scope: Construct, { image, package: name }: GpuJobProps): ContainerImage {
  switch (image.source) {
    case 'build':
      return ContainerImage.fromAsset(join(import.meta.dirname, '../../containers'), {
        file: `${name}/Dockerfile`,
        platform: Platform.LINUX_AMD64,
        // What a laptop leaves there would change the image's tag.
        exclude: ['**/tests', '**/__pycache__', '**/.pytest_cache', '**/.ruff_cache', '**/*.md'],
      });
    case 'ecr':
      return ContainerImage.fromEcrRepository(
        Repository.fromRepositoryName(scope, 'Repository', image.repository),
        image.tag,
      );
    case 'registry':
      return ContainerImage.fromRegistry(image.name);
  }
}
