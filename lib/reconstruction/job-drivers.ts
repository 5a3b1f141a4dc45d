import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { DeadLetterQueue } from '../constructs/dead-letter-queue.ts';
import { Invocation } from '../constructs/invocation.ts';
import { LambdaFunction } from '../constructs/lambda-function.ts';
import { LogMetric } from '../constructs/log-metric.ts';
import type { StateMachine } from '../constructs/state-machine.ts';
import type { DataStack } from '../data/data-stack.ts';
import type { StageConfig } from '../stage-config.ts';

/**
 * What keeps records and executions together: the change of a record starts or stops an execution,
 * the end of an execution ends the record, and now and then someone looks whether both still agree.
 */
export class JobDrivers extends Construct {
  readonly onJobChange: LambdaFunction;
  readonly onExecutionEnd: LambdaFunction;
  readonly reconcileJobs: LambdaFunction;
  readonly deadLetters: readonly DeadLetterQueue[];
  /** Jobs that have not ended. */
  readonly liveJobs: LogMetric;
  /** Jobs that the reconciler could not help. */
  readonly stuckJobs: LogMetric;

  constructor(
    scope: Construct,
    id: string,
    config: StageConfig,
    { data, machine }: { data: DataStack; machine: StateMachine },
  ) {
    super(scope, id);
    const artifacts = data.artifacts.need('GetObject', 'PutObject', 'ListBucket');
    const driving = [
      data.jobs.need('GetItem', 'UpdateItem'),
      artifacts,
      machine.need('StartExecution', 'StopExecution', 'DescribeExecution'),
    ];
    this.onJobChange = new LambdaFunction(this, 'OnJobChange', config, {
      entry: 'reconstruction/on-job-change.ts',
      timeoutSeconds: 60,
      memoryMebibytes: 1024,
      needs: driving,
    });
    this.onExecutionEnd = new LambdaFunction(this, 'OnExecutionEnd', config, {
      entry: 'reconstruction/on-execution-end.ts',
      timeoutSeconds: 60,
      memoryMebibytes: 1024,
      needs: [
        data.jobs.need('GetItem', 'UpdateItem'),
        artifacts,
        machine.needOfExecutions('DescribeExecution'),
      ],
    });
    this.reconcileJobs = new LambdaFunction(this, 'ReconcileJobs', config, {
      entry: 'reconstruction/reconcile-jobs.ts',
      timeoutSeconds: 240,
      memoryMebibytes: 1024,
      needs: [...driving, data.jobs.need('Query')],
    });

    const ended = new Invocation(
      this,
      'ExecutionEnded',
      {
        event: {
          source: ['aws.states'],
          detailType: ['Step Functions Execution Status Change'],
          detail: {
            stateMachineArn: [machine.machine.stateMachineArn],
            status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
          },
        },
      },
      this.onExecutionEnd,
    );
    const regular = new Invocation(this, 'Regularly', { everyMinutes: 5 }, this.reconcileJobs);
    const changes = new DeadLetterQueue(this, 'UntakenChanges');
    this.onJobChange.lambda.addEventSource(
      new DynamoEventSource(data.jobs.table as ITable, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: 10,
        bisectBatchOnError: true,
        // A change that can't be taken holds up those behind it; the reconciler makes up for it.
        retryAttempts: 5,
        maxRecordAge: Duration.hours(1),
        onFailure: new SqsDlq(changes),
      }),
    );
    this.deadLetters = [changes, ended.deadLetters, regular.deadLetters];

    this.liveJobs = new LogMetric(this, 'LiveJobs', {
      functions: [this.reconcileJobs],
      event: 'jobs.reconciled',
      field: 'count',
    });
    this.stuckJobs = new LogMetric(this, 'StuckJobs', {
      functions: [this.reconcileJobs],
      event: 'job.not_reconciled',
    });
  }
}
