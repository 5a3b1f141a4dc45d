import * as z from 'zod';
import { parseJson } from '../platform/json.ts';
import type { StatusReason } from './job.ts';

/**
 * Why a job fails that is not its input's fault: what happened, and what its owner can do. What is
 * wrong with an input, the stage says itself in its result.
 */
export const failures = {
  runtime_limit_reached: {
    message: 'The job ran for as long as costGuardrails.maxRuntimeMinutes allows.',
    nextAction: 'Raise maxRuntimeMinutes, or lower maxResolution or the number of photos.',
  },
  capacity_unavailable: {
    message: 'No machine of the chosen GPU class became free in time.',
    nextAction: 'Start the job again later, or raise maxHourlyPrice so that more classes fit.',
  },
  host_reclaimed: {
    message: 'The machine was taken away again and again before the stage could end.',
    nextAction: 'Start the job again; nothing was charged for the runs that were lost.',
  },
  out_of_memory: {
    message: 'The stage needed more memory than its machine has.',
    nextAction: 'Lower maxResolution, or use fewer photos.',
  },
  image_unavailable: {
    message: 'The software of the stage could not be started.',
    nextAction: 'Start the job again; if it fails again, report the job id to us.',
  },
  stage_crashed: {
    message: 'The stage broke off without a result. That is a defect of ours.',
    nextAction: 'Report the job id to us; the log says how far it came.',
  },
  stopped_by_operator: {
    message: 'An operator of the service stopped the job.',
    nextAction: 'Start the job again.',
  },
  service_fault: {
    message: 'The service under the job failed, also when the job was started again.',
    nextAction: 'Start the job again later.',
  },
  internal_fault: {
    message: 'The job could not be carried on. That is a defect of ours.',
    nextAction: 'Report the job id to us.',
  },
} as const satisfies Record<string, Omit<StatusReason, 'code'>>;

export type FailureCode = keyof typeof failures;

export const reasonOf = (code: FailureCode): StatusReason => ({ code, ...failures[code] });

/** After these the job is started again, a few times: the cause was neither the job's nor ours. */
export const isWorthRestart = (code: FailureCode): boolean => code === 'service_fault';

/** A failure on purpose. Its name reaches the state machine, and comes back to `failureOf`. */
export class JobFailure extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message?: string) {
    super(message ?? failures[code].message);
    this.name = code;
    this.code = code;
  }
}

const isFailureCode = (name: string): name is FailureCode => name in failures;

/**
 * Which failure an error of a state machine is.
 *
 * @param error the error's name: one of ours, of Step Functions', or of a service's
 * @param cause for a Batch job that failed, the job as JSON
 */
export function failureOf(error: string, cause: string): FailureCode {
  if (isFailureCode(error)) return error;
  if (error === 'States.TaskFailed') return batchFailureOf(cause);
  if (error === 'States.Timeout') return 'capacity_unavailable';
  return serviceErrors.test(error) ? 'service_fault' : 'internal_fault';
}

/** Services that failed us, and executions that were lost with the engine that ran them. */
const serviceErrors =
  /^(States\.(ServiceRestart|Runtime)|(Lambda|Batch)\..+|Sandbox\.Timedout|Runtime\.ExitError)$/;

const BatchJob = z.object({
  StatusReason: z.string().optional(),
  Container: z
    .object({ ExitCode: z.number().optional(), Reason: z.string().optional() })
    .optional(),
});

/** What Batch says of jobs that fail, in the words of its user guide ("Troubleshooting"). */
const batchReasons: readonly [RegExp, FailureCode][] = [
  [/attempt duration exceeded timeout/i, 'runtime_limit_reached'],
  [/^Host EC2/i, 'host_reclaimed'],
  [/OutOfMemory/i, 'out_of_memory'],
  [/CannotPullContainer|CannotCreateContainer|Task failed to start/i, 'image_unavailable'],
  [/CAPACITY|MISCONFIGURATION/, 'capacity_unavailable'],
];

const exitCodes: Readonly<Record<number, FailureCode>> = {
  75: 'service_fault',
  137: 'out_of_memory',
  143: 'stopped_by_operator',
};

function batchFailureOf(cause: string): FailureCode {
  const job = BatchJob.safeParse(parseJson(cause));
  if (!job.success) return 'stage_crashed';
  const { StatusReason = '', Container } = job.data;
  for (const [pattern, code] of batchReasons) {
    if (pattern.test(StatusReason) || pattern.test(Container?.Reason ?? '')) return code;
  }
  return exitCodes[Container?.ExitCode ?? 1] ?? 'stage_crashed';
}
