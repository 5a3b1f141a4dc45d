import { FairshareSchedulingPolicy } from 'aws-cdk-lib/aws-batch';
import { CfnOutput, Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { PlatformStack } from '../constructs/platform-stack.ts';
import type { ComputePool, StageConfig } from '../stage-config.ts';
import { JobHosts } from './job-hosts.ts';
import { JobQueue } from './job-queue.ts';
import { Network } from './network.ts';

/** Hosts of jobs, and the queues before them: one without GPUs, one for each class of GPU. */
export class GpuStack extends PlatformStack {
  readonly cpu: JobQueue;
  readonly l4: JobQueue;
  readonly a10g: JobQueue;

  constructor(scope: Construct, id: string, config: StageConfig) {
    super(scope, id, config);
    const network = new Network(this, 'Network', config);
    const hosts = new JobHosts(this, 'JobHosts', config);
    // A share is a workspace; all weigh the same, and what one used is forgotten by half an hour.
    const schedulingPolicy = new FairshareSchedulingPolicy(this, 'FairShare', {
      shareDecay: Duration.minutes(30),
    });
    const queue = (queueId: string, pool: ComputePool, gpus: boolean) => {
      const made = new JobQueue(this, queueId, { pool, gpus, network, hosts, schedulingPolicy });
      new CfnOutput(this, `${queueId}QueueArn`, { value: made.queue.jobQueueArn });
      return made;
    };
    this.cpu = queue('Cpu', config.compute.cpu, false);
    this.l4 = queue('L4', config.compute.l4, true);
    this.a10g = queue('A10g', config.compute.a10g, true);
  }
}
