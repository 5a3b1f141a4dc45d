import * as z from 'zod';
import { JobId, UploadId, UserId, WorkspaceId } from '../platform/ids.ts';
import type { Transitions } from '../platform/lifecycle.ts';
import { terminalStates } from '../platform/lifecycle.ts';
import { MicroUsd, microUsd, priceOf } from '../platform/money.ts';
import { InputKind } from '../uploads/input-kind.ts';
import { gpuStages, Stage } from './stages.ts';

export const jobStatuses = [
  'queued',
  'running',
  'canceling',
  'completed',
  'failed',
  'canceled',
] as const;
export const JobStatus = z.enum(jobStatuses);
export type JobStatus = z.infer<typeof JobStatus>;

/** The lifecycle. Why a job is where it is stands in `statusReason`, never in another status. */
export const transitions = {
  start: { from: ['queued'], to: 'running' },
  complete: { from: ['running'], to: 'completed' },
  fail: { from: ['queued', 'running', 'canceling'], to: 'failed' },
  cancel: { from: ['queued', 'running'], to: 'canceling' },
  canceled: { from: ['queued', 'canceling'], to: 'canceled' },
} as const satisfies Transitions<JobStatus>;
export type JobVerb = keyof typeof transitions;

export const endedStatuses = terminalStates(jobStatuses, transitions);
export const hasEnded = (job: Pick<Job, 'status'>): boolean => endedStatuses.includes(job.status);

/** Which implementation reconstructs: on CUDA, or on the CPU alone. */
export const Engine = z.enum(['3dgrut', 'cpu-lite']);
export type Engine = z.infer<typeof Engine>;

/** What a job asks of the stages; `scaleReference` names files as they are kept. */
export const JobConfig = z.object({
  extractFps: z.number(),
  maxResolution: z.number(),
  exportUsdz: z.boolean(),
  trainSeconds: z.number(),
  seed: z.number(),
  scaleReference: z
    .object({ photoA: z.string(), photoB: z.string(), distanceMeters: z.number() })
    .nullable(),
});
export type JobConfig = z.infer<typeof JobConfig>;

export const CostGuardrails = z.object({
  maxRuntimeMinutes: z.number(),
  /** USD. */
  maxHourlyPrice: z.number(),
  /** GB. */
  gpuMinVram: z.number(),
});

export const Warning = z.object({ code: z.string(), message: z.string() });

export const StatusReason = z.object({
  code: z.string(),
  message: z.string(),
  nextAction: z.string(),
});
export type StatusReason = z.infer<typeof StatusReason>;

/** What is known of a stage that has begun; the rest once it has ended. Times are RFC 3339. */
export const StageRun = z.object({
  beganAt: z.string(),
  endedAt: z.string().optional(),
  outcome: z.enum(['succeeded', 'failed']).optional(),
  /** How long its work took, without waiting for a machine and without attempts that were lost. */
  runningMillis: z.number().optional(),
  metrics: z.record(z.string(), z.unknown()).optional(),
  warnings: z.array(Warning).optional(),
  /** Names to keys behind the job's prefix. */
  artifacts: z.record(z.string(), z.string()).optional(),
  error: StatusReason.optional(),
});
export type StageRun = z.infer<typeof StageRun>;

/** A job as it is kept. */
export const Job = z.object({
  workspaceId: WorkspaceId,
  jobId: JobId,
  userId: UserId,
  status: JobStatus,
  statusReason: StatusReason.optional(),
  inputKind: InputKind,
  uploadId: UploadId,
  inputUri: z.string(),
  config: JobConfig,
  costGuardrails: CostGuardrails,
  engine: Engine,
  gpu: z.object({
    class: z.string(),
    instanceType: z.string(),
    vramGb: z.number(),
    pricePerHour: MicroUsd,
  }),
  costEstimate: MicroUsd,
  /** Counts executions: a job whose execution was lost through no fault of its own gets another. */
  attempt: z.number(),
  restarts: z.array(z.object({ at: z.string(), code: z.string() })),
  currentStage: Stage.optional(),
  stages: z.partialRecord(Stage, StageRun),
  /** Key of all its log lines in one file, behind the job's prefix; there once it has ended. */
  logs: z.string().optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
  startedAt: z.string().optional(),
  cancelRequestedAt: z.string().optional(),
  endedAt: z.string().optional(),
  /** There until it has ended: the key of the index in which the reconciler looks. */
  live: z.literal('live').optional(),
});
export type Job = z.infer<typeof Job>;
export type JobKey = Pick<Job, 'workspaceId' | 'jobId'>;

export const maxRestarts = 2;

/** How long one stage may wait for a machine. The state machine's timeouts have the same number. */
export const maxQueueHours = 24;

export const prefixOf = ({ workspaceId, jobId }: JobKey) =>
  `workspaces/${workspaceId}/jobs/${jobId}/`;

/** Milliseconds that those stages have run that have ended. */
export const runningMillis = (job: Job, counted: readonly Stage[]): number =>
  counted.reduce((sum, stage) => sum + (job.stages[stage]?.runningMillis ?? 0), 0);

/**
 * What the job costs so far: the time that its GPU stages ran, each charged once, for the run that
 * ended it. Runs that were reclaimed, that crashed or were canceled are free.
 *
 * @returns null while it goes on and no GPU stage has ended
 */
export function costActual(job: Job): MicroUsd | null {
  const hasRun = gpuStages.some((stage) => job.stages[stage]?.runningMillis !== undefined);
  if (!hasRun) return hasEnded(job) ? microUsd(0) : null;
  return priceOf(job.gpu.pricePerHour, runningMillis(job, gpuStages));
}

/** Every artifact, by name, with its key behind the job's prefix. */
export const artifactsOf = (job: Job): Record<string, string> => ({
  ...Object.assign({}, ...Object.values(job.stages).map((stage) => stage?.artifacts)),
  ...(job.logs && { logs: job.logs }),
});
