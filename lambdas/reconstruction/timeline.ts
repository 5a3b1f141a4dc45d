import type { Job } from './job.ts';
import { type Stage, stagesOf } from './stages.ts';

export const timelineEvents = [
  'queued',
  'stage_began',
  'stage_ended',
  'restarted',
  'cancel_requested',
  'completed',
  'failed',
  'canceled',
] as const;

export interface TimelineEntry {
  readonly at: string;
  readonly event: (typeof timelineEvents)[number];
  readonly stage: Stage | null;
}

/** What happened to a job, and when: read off its record, so that it can't disagree with it. */
export function timelineOf(job: Job): TimelineEntry[] {
  const entries: TimelineEntry[] = [];
  const add = (at: string | undefined, event: TimelineEntry['event'], stage: Stage | null = null) =>
    at && entries.push({ at, event, stage });
  add(job.createdAt, 'queued');
  for (const stage of stagesOf(job.inputKind)) {
    add(job.stages[stage]?.beganAt, 'stage_began', stage);
    add(job.stages[stage]?.endedAt, 'stage_ended', stage);
  }
  for (const { at } of job.restarts) add(at, 'restarted');
  add(job.cancelRequestedAt, 'cancel_requested');
  const { status } = job;
  if (status === 'completed' || status === 'failed' || status === 'canceled') {
    add(job.endedAt, status);
  }
  // Stages write their own clock, not always with the same digits.
  return entries.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}
