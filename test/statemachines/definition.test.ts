import aslValidator from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { maxQueueHours } from '../../lambdas/reconstruction/job.ts';
import { stages } from '../../lambdas/reconstruction/stages.ts';
import { definition, substituted } from './machine.ts';

interface Retry {
  readonly ErrorEquals: string[];
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
}
interface State {
  readonly Type: string;
  readonly Comment?: string;
  readonly Retry?: Retry[];
  readonly Catch?: { ErrorEquals: string[]; Next: string }[];
  readonly TimeoutSeconds?: number | string;
}
const arn = 'arn:aws:batch:us-east-1:123456789012:thing';
const machine = JSON.parse(
  substituted({
    OnStageFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:on-stage',
    CpuJobDefinitionArn: arn,
    GpuJobDefinitionArn: arn,
    CpuQueueArn: arn,
    L4QueueArn: arn,
    A10gQueueArn: arn,
  }),
);
const states = Object.entries(machine.States as Record<string, State>);
const tasks = states.filter(([, state]) => state.Type === 'Task');

describe('the reconstruction machine', () => {
  it('is valid Amazon States Language', () => {
    const { isValid, errorsText } = aslValidator(machine);
    expect(errorsText('\n')).toBe('');
    expect(isValid).toBe(true);
  });

  it('catches every error of every task but the one that records failures', () => {
    const uncaught = tasks.filter(([, state]) => state.Catch?.[0]?.Next !== 'FailJob');
    expect(uncaught.map(([name]) => name)).toEqual(['FailJob']);
  });

  it('retries named transient errors only', () => {
    const retried = tasks.flatMap(([, state]) => state.Retry ?? []).flatMap((r) => r.ErrorEquals);
    expect(retried.filter((error) => !/^(Lambda|Batch)\.\w+$/.test(error))).toEqual([]);
    expect(retried).not.toContain('Batch.ClientException');
  });

  it.each(tasks)('says how long %s waits in all when it tries again', (_, state) => {
    for (const { IntervalSeconds, MaxAttempts, BackoffRate } of state.Retry ?? []) {
      let total = 0;
      for (let attempt = 0; attempt < MaxAttempts; attempt += 1) {
        total += IntervalSeconds * BackoffRate ** attempt;
      }
      expect(state.Comment).toContain(`${total} s`);
    }
  });

  it('gives each stage its running time and a day in the queue, and the whole a week', () => {
    const queueSeconds = maxQueueHours * 3600;
    for (const name of ['RunOnCpu', 'RunOnGpu']) {
      expect(machine.States[name].TimeoutSeconds).toBe(`{% $remainingSeconds + ${queueSeconds} %}`);
    }
    const longestRuntimeSeconds = 1440 * 60;
    expect(machine.TimeoutSeconds).toBeGreaterThan(
      stages.length * queueSeconds + longestRuntimeSeconds,
    );
  });

  it('hands on no more than names: results of Batch and of functions stay out of its state', () => {
    for (const name of ['BeginStage', 'RunOnCpu', 'RunOnGpu', 'CompleteJob']) {
      expect(machine.States[name].Output).toEqual({});
    }
  });

  it('names no account, no region and no resource of its own', () => {
    expect(definition).not.toMatch(/arn:aws:(lambda|batch|s3):|\d{12}|us-east-1/);
  });
});
