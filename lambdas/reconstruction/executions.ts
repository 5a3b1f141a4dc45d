import { createHash } from 'node:crypto';
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { JobId, WorkspaceId } from '../platform/ids.ts';
import type { Job } from './job.ts';

/** An execution of the state machine, as far as its end matters to its job. */
export interface Execution {
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly error: string;
  readonly cause: string;
}

/** The executions of jobs, one for each attempt. */
export interface Executions {
  /** Does nothing where the attempt has its execution already. */
  start(job: Job, specUri: string): Promise<void>;
  stop(job: Job): Promise<void>;
  /** The execution of the job's attempt; undefined where it was never started. */
  find(job: Job): Promise<Execution | undefined>;
}

/** Which attempt at which job an execution is. */
export const ExecutionInput = z.object({ workspaceId: WorkspaceId, jobId: JobId });

export const executionNameOf = ({ jobId, attempt }: Job) => `${jobId}-${attempt}`;

/** The attempt that an execution's name ends in. */
export const attemptOf = (executionName: string): number =>
  Number(executionName.slice(executionName.lastIndexOf('-') + 1));

const inputOf = (job: Job, specUri: string) => ({
  jobId: job.jobId,
  workspaceId: job.workspaceId,
  inputKind: job.inputKind,
  gpuClass: job.gpu.class,
  shareIdentifier: shareIdentifierOf(job),
  specUri,
});

/** Workspaces share the queues fairly under this name. Batch takes letters and digits only. */
const shareIdentifierOf = ({ workspaceId }: Job) =>
  createHash('sha256').update(workspaceId).digest('hex').slice(0, 32);

export function executions(client: SFNClient, stateMachineArn: string): Executions {
  const arnOf = (job: Job) =>
    `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${executionNameOf(job)}`;
  return {
    async start(job, specUri) {
      try {
        await client.send(
          new StartExecutionCommand({
            stateMachineArn,
            name: executionNameOf(job),
            input: JSON.stringify(inputOf(job, specUri)),
          }),
        );
      } catch (error) {
        if (!(error instanceof ExecutionAlreadyExists)) throw error;
      }
    },

    async stop(job) {
      await client.send(
        new StopExecutionCommand({
          executionArn: arnOf(job),
          error: 'canceled',
          cause: 'The job was canceled on request.',
        }),
      );
    },

    async find(job) {
      const found = await describeExecution(client, arnOf(job));
      return found?.execution;
    },
  };
}

/** An execution by its ARN, with its name and its input; undefined where there is none. */
export async function describeExecution(client: SFNClient, executionArn: string) {
  try {
    const { status, error, cause, name, input } = await client.send(
      new DescribeExecutionCommand({ executionArn }),
    );
    const execution: Execution = {
      status: status as Execution['status'],
      error: error ?? '',
      cause: cause ?? '',
    };
    return { execution, name: name ?? '', input: input ?? '' };
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return undefined;
    throw error;
  }
}
