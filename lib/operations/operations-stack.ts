import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { CfnOutput } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { AccountsStack } from '../accounts/accounts-stack.ts';
import type { ApiStack } from '../api/api-stack.ts';
import { Alarm, type AlarmProps } from '../constructs/alarm.ts';
import type { DeadLetterQueue } from '../constructs/dead-letter-queue.ts';
import type { LambdaFunction } from '../constructs/lambda-function.ts';
import { PlatformStack } from '../constructs/platform-stack.ts';
import type { DataStack } from '../data/data-stack.ts';
import type { ReconstructionStack } from '../reconstruction/reconstruction-stack.ts';
import type { StageConfig } from '../stage-config.ts';
import type { UploadsStack } from '../uploads/uploads-stack.ts';
import { BlockedQueues } from './blocked-queues.ts';
import { Dashboards } from './dashboards.ts';
import * as metrics from './metrics.ts';

export interface Watched {
  readonly data: DataStack;
  readonly accounts: AccountsStack;
  readonly uploads: UploadsStack;
  readonly reconstruction: ReconstructionStack;
  readonly api: ApiStack;
}

/** What people look at, and what calls them. Every alarm leads to a section of docs/runbook.md. */
export class OperationsStack extends PlatformStack {
  readonly alarmTopic: Topic;

  constructor(scope: Construct, id: string, config: StageConfig, watched: Watched) {
    super(scope, id, config);
    this.alarmTopic = new Topic(this, 'AlarmTopic', {
      displayName: `Alarms of ${config.prefix}`,
      masterKey: watched.data.key,
      enforceSSL: true,
    });
    if (config.operations.alarmEmail) {
      this.alarmTopic.addSubscription(new EmailSubscription(config.operations.alarmEmail));
    }
    new CfnOutput(this, 'AlarmTopicArn', { value: this.alarmTopic.topicArn });

    const { uploads, reconstruction, api } = watched;
    const { stages, drivers } = reconstruction;
    const sweeps = [uploads.sweepUploads, drivers.reconcileJobs];
    const others = [...api.functions, stages.onStage, drivers.onJobChange, drivers.onExecutionEnd];
    for (const sweep of sweeps) this.#watchFunction(sweep, 'a-sweep-fails');
    for (const other of others) this.#watchFunction(other, 'a-function-fails');
    for (const queue of [uploads.hourly.deadLetters, ...drivers.deadLetters]) {
      this.#watchDeadLetters(queue);
    }
    this.#watchApi(api);
    this.#watchJobs(reconstruction);
    if (config.operations.gpusAreRented) this.#watchRentedGpus(drivers.liveJobs.metric);
    new Dashboards(this, 'Dashboards', config, watched);
  }

  #alarm(id: string, props: Omit<AlarmProps, 'topic'>): void {
    const name = `${this.config.prefix}-${id}`;
    new Alarm(this, id, name, { ...props, topic: this.alarmTopic });
  }

  #watchFunction({ lambda, node }: LambdaFunction, runbook: string): void {
    this.#alarm(`${node.id}Fails`, {
      metric: lambda.metricErrors(),
      threshold: 1,
      severity: 'ticket',
      runbook,
    });
    this.#alarm(`${node.id}IsThrottled`, {
      metric: lambda.metricThrottles(),
      threshold: 1,
      periods: 2,
      severity: 'ticket',
      runbook: 'a-function-is-throttled',
    });
  }

  #watchDeadLetters(queue: DeadLetterQueue): void {
    const owner = queue.node.scope?.node.id ?? '';
    this.#alarm(`${owner}${queue.node.id}`, {
      metric: queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
      threshold: 1,
      severity: 'page',
      runbook: 'a-dead-letter-queue-is-not-empty',
    });
  }

  #watchApi({ api }: ApiStack): void {
    this.#alarm('ApiAnswers5xx', {
      metric: api.metricServerError({ statistic: 'Sum' }),
      threshold: 5,
      severity: 'page',
      runbook: 'the-api-answers-5xx',
    });
    this.#alarm('ApiIsSlow', {
      metric: api.metricLatency({ statistic: 'p99' }),
      threshold: 5000,
      periods: 3,
      severity: 'ticket',
      runbook: 'the-api-is-slow',
    });
  }

  #watchJobs({ stages, drivers, jobFaults }: ReconstructionStack): void {
    this.#alarm('JobsFailThroughUs', {
      metric: jobFaults.metric,
      threshold: 1,
      severity: 'page',
      runbook: 'jobs-fail-through-a-fault-of-ours',
    });
    this.#alarm('JobsAreStuck', {
      metric: drivers.stuckJobs.metric,
      threshold: 1,
      periods: 3,
      severity: 'page',
      runbook: 'jobs-are-stuck',
    });
    this.#alarm('ChangesOfJobsWait', {
      metric: metrics.iteratorAge(drivers.onJobChange.lambda),
      threshold: 60_000,
      periods: 2,
      severity: 'page',
      runbook: 'changes-of-jobs-wait',
    });
    this.#alarm('ExecutionsTimeOut', {
      metric: stages.machine.machine.metricTimedOut(),
      threshold: 1,
      severity: 'ticket',
      runbook: 'an-execution-timed-out',
    });
    this.#alarm('JobsWaitForMachines', {
      metric: new BlockedQueues(this, 'BlockedQueues', this.alarmTopic).metric,
      threshold: 1,
      severity: 'ticket',
      runbook: 'jobs-wait-for-a-machine',
    });
  }

  /** Batch gives an idle host back within minutes; three quarters of an hour is not idling. */
  #watchRentedGpus(liveJobs: IMetric): void {
    this.#alarm('GpusRunWithoutJobs', {
      metric: metrics.gpuVcpusWithoutJobs(liveJobs),
      threshold: 1,
      periods: 3,
      severity: 'page',
      runbook: 'gpus-run-without-jobs',
    });
  }
}
