import {
  JobStateTimeLimitActionsAction as Action,
  AllocationStrategy,
  JobQueue as BatchJobQueue,
  type CfnComputeEnvironment,
  EcsMachineImageType,
  type ISchedulingPolicy,
  ManagedEc2EcsComputeEnvironment,
  JobStateTimeLimitActionsReason as Reason,
  JobStateTimeLimitActionsState as State,
} from 'aws-cdk-lib/aws-batch';
import { InstanceType, SubnetType } from 'aws-cdk-lib/aws-ec2';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { ComputePool } from '../stage-config.ts';
import type { JobHosts } from './job-hosts.ts';
import type { Network } from './network.ts';

export interface JobQueueProps {
  readonly pool: ComputePool;
  readonly gpus: boolean;
  readonly network: Network;
  readonly hosts: JobHosts;
  readonly schedulingPolicy: ISchedulingPolicy;
}

/** A job that no instance type fits will never run; one without capacity may, but not for ever. */
const misfitWait = Duration.minutes(30);
const capacityWait = Duration.hours(6);

/**
 * A queue with its hosts: spot first, on demand behind it, none while there is nothing to run.
 *
 * Batch goes on to the on-demand environment when the spot one has reached its limit. Where a region
 * has no spot capacity at all, jobs wait in RUNNABLE until `capacityWait`, and an alarm tells.
 */
export class JobQueue extends Construct {
  readonly queue: BatchJobQueue;
  readonly #props: JobQueueProps;

  constructor(scope: Construct, id: string, props: JobQueueProps) {
    super(scope, id);
    this.#props = props;
    const { spotMaxVcpus, onDemandMaxVcpus } = props.pool;
    const environments = [
      this.#hosts('Spot', true, spotMaxVcpus),
      ...(onDemandMaxVcpus > 0 ? [this.#hosts('OnDemand', false, onDemandMaxVcpus)] : []),
    ];
    const cancel = (reason: Reason, maxTime: Duration) => ({
      action: Action.CANCEL,
      state: State.RUNNABLE,
      reason,
      maxTime,
    });
    this.queue = new BatchJobQueue(this, 'Queue', {
      priority: 1,
      schedulingPolicy: props.schedulingPolicy,
      computeEnvironments: environments.map((computeEnvironment, index) => ({
        computeEnvironment,
        order: index + 1,
      })),
      jobStateTimeLimitActions: [
        cancel(Reason.JOB_RESOURCE_REQUIREMENT, misfitWait),
        cancel(Reason.COMPUTE_ENVIRONMENT_MAX_RESOURCE, misfitWait),
        cancel(Reason.INSUFFICIENT_INSTANCE_CAPACITY, capacityWait),
      ],
    });
  }

  #hosts(id: string, spot: boolean, maxvCpus: number): ManagedEc2EcsComputeEnvironment {
    const { pool, gpus, network, hosts } = this.#props;
    const environment = new ManagedEc2EcsComputeEnvironment(this, id, {
      vpc: network.vpc,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      securityGroups: [network.jobHosts],
      instanceRole: hosts.role,
      launchTemplate: hosts.launchTemplate,
      instanceTypes: pool.instanceTypes.map((name) => new InstanceType(name)),
      // The default adds instance types without GPUs.
      useOptimalInstanceClasses: false,
      images: [
        {
          imageType: gpus ? EcsMachineImageType.ECS_AL2023_NVIDIA : EcsMachineImageType.ECS_AL2023,
        },
      ],
      spot,
      allocationStrategy: spot
        ? AllocationStrategy.SPOT_PRICE_CAPACITY_OPTIMIZED
        : AllocationStrategy.BEST_FIT_PROGRESSIVE,
      minvCpus: 0,
      maxvCpus,
      updateToLatestImageVersion: true,
    });
    // Without a version Batch keeps to the first one of the template for ever.
    const resource = environment.node.defaultChild as CfnComputeEnvironment;
    resource.addPropertyOverride(
      'ComputeResources.LaunchTemplate.Version',
      hosts.launchTemplate.latestVersionNumber,
    );
    return environment;
  }
}
