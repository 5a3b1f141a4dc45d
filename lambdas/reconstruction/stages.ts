import * as z from 'zod';
import type { InputKind } from '../uploads/input-kind.ts';

export const stages = ['prepare', 'sfm', 'train', 'export'] as const;
export const Stage = z.enum(stages);
export type Stage = z.infer<typeof Stage>;

/** Stages that a user pays for: they hold a GPU. */
export const gpuStages: readonly Stage[] = ['train', 'export'];

/** Shares of the whole in percent, as long as they usually take; a splat only has to be exported. */
const shares: Readonly<Record<InputKind, Partial<Record<Stage, number>>>> = {
  photos: { prepare: 5, sfm: 30, train: 50, export: 15 },
  video: { prepare: 10, sfm: 30, train: 45, export: 15 },
  splat: { prepare: 20, export: 80 },
};

/** The stages of a job, in their order. */
export const stagesOf = (kind: InputKind): Stage[] =>
  stages.filter((stage) => shares[kind][stage] !== undefined);

/** Percent of the whole job that one stage is. */
export const shareOf = (kind: InputKind, stage: Stage): number => shares[kind][stage] ?? 0;

/** Percent of the whole job that lies before a stage. */
export function shareBefore(kind: InputKind, stage: Stage): number {
  const order = stagesOf(kind);
  return order
    .slice(0, Math.max(0, order.indexOf(stage)))
    .reduce((sum, earlier) => sum + shareOf(kind, earlier), 0);
}
