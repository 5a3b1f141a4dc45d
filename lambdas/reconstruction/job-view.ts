import * as z from 'zod';
import { JobId } from '../platform/ids.ts';
import { toUsd } from '../platform/money.ts';
import { InputKind } from '../uploads/input-kind.ts';
import {
  CostGuardrails,
  costActual,
  Engine,
  type Job,
  JobConfig,
  JobStatus,
  StatusReason,
  Warning,
} from './job.ts';
import type { progressOf } from './progress.ts';
import { Stage, stagesOf } from './stages.ts';
import { timelineEvents, timelineOf } from './timeline.ts';

const usd = z.number().describe('USD, to the micro-dollar.');

export const Artifacts = z
  .record(z.string(), z.url())
  .describe('Links by name (usdz, colmapSparse, logs, ply, …), good for an hour.');

/** A job as callers see it. What is not named here stays private. */
export const JobView = z
  .object({
    id: JobId,
    jobId: JobId,
    status: JobStatus,
    statusReason: StatusReason.nullable().describe('Why it failed or was canceled.'),
    errorMessage: z.string().nullable(),
    inputKind: InputKind,
    inputUri: z.string(),
    config: JobConfig,
    costGuardrails: CostGuardrails,
    engine: Engine,
    gpu: z.object({
      requested: z.string().nullable().describe('The name that was asked for, if any.'),
      class: z.string(),
      instanceType: z.string(),
      vramGb: z.number(),
    }),
    progress: z.object({
      stage: Stage.nullable(),
      percent: z.number().describe('Of the whole job.'),
      etaSeconds: z.number().nullable().describe('Until the whole job is done.'),
      message: z.string().nullable(),
    }),
    timeline: z.array(
      z.object({
        at: z.iso.datetime({ offset: true }),
        event: z.enum(timelineEvents),
        stage: Stage.nullable(),
      }),
    ),
    quality: z.object({
      registeredPhotos: z.number().nullable(),
      totalPhotos: z.number().nullable(),
      reprojectionErrorPx: z.number().nullable(),
      psnrDb: z.number().nullable().describe('On photos that training never saw.'),
      gaussians: z.number().nullable(),
    }),
    warnings: z.array(Warning),
    artifacts: Artifacts.nullable(),
    costEstimateUsd: usd.describe('The most it can cost: maxRuntimeMinutes at maxHourlyPrice.'),
    costActualUsd: usd
      .nullable()
      .describe('For the GPU stages that have ended; null while none has.'),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Job' });

/** @param artifacts links by name; undefined where there are none yet */
export function toView(
  job: Job,
  progress: ReturnType<typeof progressOf>,
  artifacts: Record<string, string> | undefined,
): z.input<typeof JobView> {
  const cost = costActual(job);
  return {
    id: job.jobId,
    jobId: job.jobId,
    status: job.status,
    statusReason: job.statusReason ?? null,
    errorMessage: job.status === 'failed' ? errorMessageOf(job) : null,
    inputKind: job.inputKind,
    inputUri: job.inputUri,
    config: job.config,
    costGuardrails: job.costGuardrails,
    engine: job.engine,
    gpu: {
      requested: null,
      class: job.gpu.class,
      instanceType: job.gpu.instanceType,
      vramGb: job.gpu.vramGb,
    },
    progress,
    timeline: timelineOf(job),
    quality: qualityOf(job),
    warnings: stagesOf(job.inputKind).flatMap((stage) => job.stages[stage]?.warnings ?? []),
    artifacts: artifacts ?? null,
    costEstimateUsd: toUsd(job.costEstimate),
    costActualUsd: cost === null ? null : toUsd(cost),
    createdAt: job.createdAt,
    updatedAt: job.updatedAt,
    startedAt: job.startedAt ?? null,
    endedAt: job.endedAt ?? null,
  };
}

const errorMessageOf = ({ statusReason }: Job) =>
  statusReason ? `${statusReason.message} ${statusReason.nextAction}` : null;

/** The figures by which a result is judged, from whichever stage measured them last. */
function qualityOf(job: Job) {
  const measured: Record<string, unknown> = Object.assign(
    {},
    ...stagesOf(job.inputKind).map((stage) => job.stages[stage]?.metrics),
  );
  const figure = (name: string) => {
    const value = measured[name];
    return typeof value === 'number' ? value : null;
  };
  return {
    registeredPhotos: figure('registeredPhotos'),
    totalPhotos: figure('totalPhotos'),
    reprojectionErrorPx: figure('reprojectionErrorPx'),
    psnrDb: figure('psnrDb'),
    gaussians: figure('gaussians'),
  };
}
