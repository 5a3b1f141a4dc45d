import * as z from 'zod';
import { InputKind } from '../uploads/input-kind.ts';

const ScaleReference = z
  .strictObject({
    photoA: z.string().min(1).max(1024),
    photoB: z.string().min(1).max(1024),
    distanceMeters: z.number().positive().max(10_000),
  })
  .refine(({ photoA, photoB }) => photoA !== photoB, {
    path: ['photoB'],
    error: 'Both photos are the same',
    params: { fix: 'Name two photos that were taken from different places.' },
  });

const NewJobConfig = z.strictObject({
  extractFps: z
    .number()
    .min(0.1)
    .max(30)
    .default(3)
    .describe('Frames taken from each second of a video.'),
  maxResolution: z
    .number()
    .int()
    .min(320)
    .max(8000)
    .default(2000)
    .describe('The longer side of the photos that are worked on, in pixels.'),
  exportUsdz: z.boolean().default(true),
  trainSeconds: z
    .number()
    .min(5)
    .max(3600)
    .optional()
    .describe('How long training may take. Each engine has its own default.'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0),
  scaleReference: ScaleReference.nullable()
    .default(null)
    .describe('Two photos and the distance between where they were taken, for a metric result.'),
});

const NewCostGuardrails = z.strictObject({
  maxRuntimeMinutes: z
    .number()
    .int()
    .min(5)
    .max(1440)
    .default(240)
    .describe('How long the stages may run, in all. Waiting for a machine does not count.'),
  maxHourlyPrice: z.number().positive().max(1000).default(2).describe('USD.'),
  gpuMinVram: z.number().min(0).max(1000).default(24).describe('GB.'),
});

export const NewJob = z
  .strictObject({
    inputUri: z
      .string()
      .min(1)
      .max(1024)
      .describe('The inputUri that POST /v1/uploads/presign answered.'),
    inputKind: InputKind,
    config: NewJobConfig.prefault({}),
    costGuardrails: NewCostGuardrails.prefault({}),
  })
  .refine(({ inputKind, config }) => inputKind === 'photos' || config.scaleReference === null, {
    path: ['config', 'scaleReference'],
    error: 'Only photos can be a reference of scale',
    params: { fix: 'Leave it out, or upload photos.' },
  });
export type NewJob = z.infer<typeof NewJob>;
