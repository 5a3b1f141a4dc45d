import { timestamp } from '../../lambdas/platform/clock.ts';
import { newId, type WorkspaceId } from '../../lambdas/platform/ids.ts';
import { fromUsd } from '../../lambdas/platform/money.ts';
import type { Job, StageRun } from '../../lambdas/reconstruction/job.ts';

/** The record of a job that has taken 45 photos through every stage. */
export function completedJob(workspaceId: WorkspaceId, epochMillis: number): Job {
  const uploadId = newId('upload');
  const at = timestamp(epochMillis);
  const run = (metrics: object, artifacts: readonly string[]): StageRun => ({
    beganAt: at,
    endedAt: at,
    outcome: 'succeeded',
    runningMillis: 60_000,
    metrics: { ...metrics },
    warnings: [],
    artifacts: Object.fromEntries(artifacts.map((name) => [name, `artifacts/${name}`])),
  });
  return {
    workspaceId,
    jobId: newId('job'),
    userId: newId('usr'),
    status: 'completed',
    inputKind: 'photos',
    uploadId,
    inputUri: `s3://uploads/workspaces/${workspaceId}/uploads/${uploadId}/`,
    config: {
      extractFps: 3,
      maxResolution: 2000,
      exportUsdz: true,
      trainSeconds: 90,
      seed: 0,
      scaleReference: null,
    },
    costGuardrails: { maxRuntimeMinutes: 240, maxHourlyPrice: 2, gpuMinVram: 24 },
    engine: 'cpu-lite',
    gpu: { class: 'L4', instanceType: 'g6.xlarge', vramGb: 24, pricePerHour: fromUsd(0.85) },
    costEstimate: fromUsd(8),
    attempt: 1,
    restarts: [],
    stages: {
      prepare: run({ totalPhotos: 45, usedPhotos: 45 }, []),
      sfm: run({ registeredPhotos: 45, totalPhotos: 45 }, ['colmapSparse']),
      train: run({ psnrDb: 31.2, gaussians: 21_000 }, []),
      export: run({ gaussians: 21_000 }, [
        'usdz',
        'ply',
        'spz',
        'cameras',
        'report',
        'thumbnail',
        'viewer',
      ]),
    },
    logs: 'artifacts/logs.jsonl',
    createdAt: at,
    updatedAt: at,
    startedAt: at,
    endedAt: at,
  };
}
