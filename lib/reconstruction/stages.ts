import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { GpuJob } from '../constructs/gpu-job.ts';
import type { Grant } from '../constructs/grant.ts';
import { LambdaFunction } from '../constructs/lambda-function.ts';
import { StateMachine } from '../constructs/state-machine.ts';
import type { DataStack } from '../data/data-stack.ts';
import type { GpuStack } from '../gpu/gpu-stack.ts';
import type { StageConfig } from '../stage-config.ts';

/** The machine and what it calls: a function that keeps the record, and Batch jobs for the work. */
export class Stages extends Construct {
  readonly machine: StateMachine;
  readonly onStage: LambdaFunction;

  constructor(
    scope: Construct,
    id: string,
    config: StageConfig,
    { data, gpu }: { data: DataStack; gpu: GpuStack },
  ) {
    super(scope, id);
    this.onStage = new LambdaFunction(this, 'OnStage', config, {
      entry: 'reconstruction/on-stage.ts',
      // The machine gives it 60.
      timeoutSeconds: 55,
      memoryMebibytes: 1024,
      needs: [
        data.jobs.need('GetItem', 'UpdateItem'),
        data.artifacts.need('GetObject', 'PutObject', 'ListBucket'),
      ],
    });
    const { cpuJob, gpuJob, image, attemptMaxHours } = config.reconstruction;
    const common = {
      package: 'reconstruction',
      image,
      attemptMaxHours,
      grants: [
        ...data.uploadFiles.grants('GetObject', 'ListBucket'),
        ...data.artifacts.grants(
          'GetObject',
          'PutObject',
          'AbortMultipartUpload',
          'DeleteObject',
          'ListBucket',
        ),
      ],
      logGroup: new LogGroup(this, 'JobLogs', {
        retention: config.logRetentionDays,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    };
    const onCpu = new GpuJob(this, 'CpuJob', { ...common, ...cpuJob, gpus: 0 }).definition;
    const onGpu = new GpuJob(this, 'GpuJob', { ...common, ...gpuJob, gpus: 1 }).definition;
    const queueArns = [gpu.cpu, gpu.l4, gpu.a10g].map(({ queue }) => queue.jobQueueArn);
    this.machine = new StateMachine(this, 'Reconstruction', config, {
      name: 'reconstruction',
      variable: 'RECONSTRUCTION_STATE_MACHINE_ARN',
      substitutions: {
        OnStageFunctionArn: this.onStage.lambda.functionArn,
        CpuJobDefinitionArn: onCpu.jobDefinitionArn,
        GpuJobDefinitionArn: onGpu.jobDefinitionArn,
        CpuQueueArn: gpu.cpu.queue.jobQueueArn,
        L4QueueArn: gpu.l4.queue.jobQueueArn,
        A10gQueueArn: gpu.a10g.queue.jobQueueArn,
      },
      allows: [
        { actions: ['lambda:InvokeFunction'], resources: [this.onStage.lambda.functionArn] },
        {
          actions: ['batch:SubmitJob', 'batch:TagResource'],
          resources: [onCpu.jobDefinitionArn, onGpu.jobDefinitionArn, ...queueArns],
        },
        ...waitForJobs(Stack.of(this)),
      ],
    });
    new CfnOutput(Stack.of(this), 'ReconstructionStateMachineArn', {
      value: this.machine.machine.stateMachineArn,
    });
  }
}

/** What `batch:submitJob.sync` takes besides submitting: AWS Step Functions, "IAM policies for Batch". */
function waitForJobs({ account, region }: Stack): Grant[] {
  const place = `${region}:${account}`;
  return [
    {
      actions: ['batch:DescribeJobs'],
      resources: ['*'],
      wildcardReason: 'DescribeJobs knows no narrower resource.',
    },
    {
      actions: ['batch:TerminateJob', 'batch:TagResource'],
      resources: [`arn:aws:batch:${place}:job/*`],
      wildcardReason: 'Jobs get their ids when they are submitted.',
    },
    {
      actions: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
      resources: [`arn:aws:events:${place}:rule/StepFunctionsGetEventsForBatchJobsRule`],
    },
  ];
}
