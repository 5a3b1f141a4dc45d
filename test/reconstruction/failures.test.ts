import { describe, expect, it } from 'vitest';
import {
  failureOf,
  failures,
  isWorthRestart,
  JobFailure,
  reasonOf,
} from '../../lambdas/reconstruction/failures.ts';

const batch = (StatusReason: string, Container: object = {}) =>
  JSON.stringify({ JobId: 'a', Status: 'FAILED', StatusReason, Container });

describe('why a job failed', () => {
  it.each([
    ['Job attempt duration exceeded timeout', {}, 'runtime_limit_reached'],
    ['Host EC2 (instance i-0abc) terminated.', {}, 'host_reclaimed'],
    [
      'Essential container in task exited',
      { ExitCode: 137, Reason: 'OutOfMemoryError: Container killed due to memory usage' },
      'out_of_memory',
    ],
    ['Essential container in task exited', { ExitCode: 137 }, 'out_of_memory'],
    [
      'Task failed to start',
      { Reason: 'CannotPullContainerError: pull access denied' },
      'image_unavailable',
    ],
    ['CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY', {}, 'capacity_unavailable'],
    ['MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT', {}, 'capacity_unavailable'],
    ['Essential container in task exited', { ExitCode: 1 }, 'stage_crashed'],
    ['Essential container in task exited', { ExitCode: 139 }, 'stage_crashed'],
    ['Essential container in task exited', { ExitCode: 75 }, 'service_fault'],
    ['terminated by hand', { ExitCode: 143 }, 'stopped_by_operator'],
  ])('reads %j with %j of Batch as %s', (statusReason, container, code) => {
    expect(failureOf('States.TaskFailed', batch(statusReason, container))).toBe(code);
  });

  it.each([
    ['States.TaskFailed', 'no JSON', 'stage_crashed'],
    ['States.TaskFailed', '', 'stage_crashed'],
    ['States.Timeout', '', 'capacity_unavailable'],
    ['States.ServiceRestart', '', 'service_fault'],
    ['States.Runtime', '', 'service_fault'],
    ['Lambda.TooManyRequestsException', '', 'service_fault'],
    ['Batch.ServerException', '', 'service_fault'],
    ['TypeError', 'x is undefined', 'internal_fault'],
    ['ZodError', '', 'internal_fault'],
    ['', '', 'internal_fault'],
  ])('reads the error %j as %s', (error, cause, code) => {
    expect(failureOf(error, cause)).toBe(code);
  });

  it('comes back by its own name through the state machine', () => {
    for (const code of Object.keys(failures) as (keyof typeof failures)[]) {
      expect(new JobFailure(code).name).toBe(code);
      expect(failureOf(code, '')).toBe(code);
    }
  });

  it('is a sentence, and another that says what to do', () => {
    for (const code of Object.keys(failures) as (keyof typeof failures)[]) {
      const { message, nextAction } = reasonOf(code);
      expect(message).toMatch(/^[A-Z].*\.$/);
      expect(nextAction).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('is worth another attempt only where a service failed us', () => {
    const codes = Object.keys(failures) as (keyof typeof failures)[];
    expect(codes.filter(isWorthRestart)).toEqual(['service_fault']);
  });
});
