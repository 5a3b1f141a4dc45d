import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchClient,
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  CreateSchedulingPolicyCommand,
  RegisterJobDefinitionCommand,
} from '@aws-sdk/client-batch';
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ulid } from 'ulid';
import { bundleFunction } from '../../lib/constructs/function-bundle.ts';
import { findPython } from '../../local/python.ts';
import { root } from '../../local/root.ts';

export const definition = readFileSync(
  join(root, 'statemachines', 'reconstruction.asl.json'),
  'utf8',
);

export type Substitutions = Record<
  | 'OnStageFunctionArn'
  | 'CpuJobDefinitionArn'
  | 'GpuJobDefinitionArn'
  | 'CpuQueueArn'
  | 'L4QueueArn'
  | 'A10gQueueArn',
  string
>;

/** The definition as it is deployed, with a value in every place that asks for one. */
export function substituted(substitutions: Substitutions): string {
  return definition.replaceAll(/\$\{(\w+)\}/g, (_, name: keyof Substitutions) => {
    const value = substitutions[name];
    if (!value) throw new Error(`the definition asks for ${name}, which nothing sets`);
    return value;
  });
}

/** What the machine calls: the function of the control plane, and queues for the fake stages. */
export async function deployCallees(
  environment: Record<'JOBS_TABLE' | 'ARTIFACTS_BUCKET', string>,
): Promise<Substitutions> {
  const batch = new BatchClient({});
  const { arn: schedulingPolicyArn } = await batch.send(
    new CreateSchedulingPolicyCommand({ name: `shares-${ulid()}` }),
  );
  const { computeEnvironmentArn: computeEnvironment } = await batch.send(
    new CreateComputeEnvironmentCommand({
      computeEnvironmentName: `hosts-${ulid()}`,
      type: 'MANAGED',
      computeResources: {
        type: 'EC2',
        minvCpus: 0,
        maxvCpus: 4,
        instanceTypes: ['g6.2xlarge'],
        subnets: ['subnet-1'],
        instanceRole: 'role',
      },
    }),
  );
  const queue = async (name: string) => {
    const { jobQueueArn = '' } = await batch.send(
      new CreateJobQueueCommand({
        jobQueueName: `${name}-${ulid()}`,
        priority: 1,
        schedulingPolicyArn,
        computeEnvironmentOrder: [{ order: 1, computeEnvironment }],
      }),
    );
    return jobQueueArn;
  };
  return {
    OnStageFunctionArn: await deployFunction('reconstruction/on-stage.ts', environment),
    CpuJobDefinitionArn: await jobDefinition(batch, 'cpu', []),
    GpuJobDefinitionArn: await jobDefinition(batch, 'gpu', [{ type: 'GPU', value: '1' }]),
    CpuQueueArn: await queue('cpu'),
    L4QueueArn: await queue('l4'),
    A10gQueueArn: await queue('a10g'),
  };
}

/** With the retry rules of the product: again only after a reclaimed host or exit code 75. */
async function jobDefinition(
  batch: BatchClient,
  name: string,
  more: { type: 'GPU'; value: string }[],
): Promise<string> {
  const { jobDefinitionArn = '' } = await batch.send(
    new RegisterJobDefinitionCommand({
      jobDefinitionName: `${name}-${ulid()}`,
      type: 'container',
      containerProperties: {
        image: 'test/fake-stage:1',
        command: [process.execPath, join(root, 'test', 'statemachines', 'fake-stage.ts')],
        resourceRequirements: [
          { type: 'VCPU', value: '1' },
          { type: 'MEMORY', value: '256' },
          ...more,
        ],
      },
      retryStrategy: {
        attempts: 3,
        evaluateOnExit: [
          { onStatusReason: 'Host EC2*', action: 'RETRY' },
          { onExitCode: '75', action: 'RETRY' },
          { onExitCode: '137', action: 'RETRY' },
          { onReason: '*', action: 'EXIT' },
        ],
      },
    }),
  );
  return jobDefinitionArn;
}

/** The function as it is bundled for AWS. There is no client of Lambda among our packages. */
async function deployFunction(entry: string, environment: Record<string, string>) {
  const name = `on-stage-${ulid()}`;
  const folder = mkdtempSync(join(tmpdir(), 'function-'));
  const zip = join(folder, 'function.zip');
  const bundle = join(bundleFunction(entry), 'index.mjs');
  execFileSync(findPython().path, ['-m', 'zipfile', '-c', zip, bundle]);
  const code = readFileSync(zip).toString('base64');
  rmSync(folder, { recursive: true });
  const answer = await fetch(`${process.env.AWS_ENDPOINT_URL}/2015-03-31/functions`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization:
        'AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/lambda/aws4_request, ' +
        'SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify({
      FunctionName: name,
      Runtime: 'nodejs24.x',
      Role: 'arn:aws:iam::000000000000:role/test',
      Handler: 'index.handler',
      Timeout: 55,
      Code: { ZipFile: code },
      Environment: { Variables: environment },
    }),
  });
  const { FunctionArn } = (await answer.json()) as { FunctionArn?: string };
  if (!FunctionArn) throw new Error(`the function was not created: ${answer.status}`);
  return FunctionArn;
}

export async function deployMachine(substitutions: Substitutions): Promise<string> {
  const { stateMachineArn = '' } = await new SFNClient({}).send(
    new CreateStateMachineCommand({
      name: `reconstruction-${ulid()}`,
      roleArn: 'arn:aws:iam::000000000000:role/test',
      definition: substituted(substitutions),
    }),
  );
  return stateMachineArn;
}
