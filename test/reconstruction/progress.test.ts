import { describe, expect, it } from 'vitest';
import type { Job } from '../../lambdas/reconstruction/job.ts';
import { progressOf } from '../../lambdas/reconstruction/progress.ts';
import { shareOf, stagesOf } from '../../lambdas/reconstruction/stages.ts';
import { timelineOf } from '../../lambdas/reconstruction/timeline.ts';

const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1000).toISOString();
const now = (seconds: number) => Date.parse(at(seconds));
const job = (more: object) =>
  ({
    status: 'running',
    inputKind: 'photos',
    stages: {},
    restarts: [],
    createdAt: at(0),
    startedAt: at(0),
    ...more,
  }) as unknown as Job;

describe('the progress of a whole job', () => {
  it.each(['photos', 'video', 'splat'] as const)('adds up to all of it for %s', (kind) => {
    const shares = stagesOf(kind).map((stage) => shareOf(kind, stage));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(100);
  });

  it('is what lies before the stage, and what the stage says of itself', () => {
    const running = job({ currentStage: 'train' });
    expect(progressOf(running, undefined, now(1)).percent).toBe(35);
    expect(progressOf(running, { percent: 50 }, now(1)).percent).toBe(60);
    expect(progressOf(running, { percent: 1e9 }, now(1)).percent).toBe(85);
    expect(progressOf(running, { percent: -5 }, now(1)).percent).toBe(35);
  });

  it('counts a stage whole that has ended, before the next one begins', () => {
    const between = job({ currentStage: 'sfm', stages: { sfm: { endedAt: at(9) } } });
    expect(progressOf(between, undefined, now(10)).percent).toBe(35);
  });

  it('guesses the stages behind at the pace so far', () => {
    // 60 % took 120 s; this stage says 20 s, and 15 % lie behind it.
    const running = job({ currentStage: 'train' });
    const { etaSeconds } = progressOf(running, { percent: 50, etaSeconds: 20 }, now(120));
    expect(etaSeconds).toBe(20 + 15 * 2);
  });

  it('guesses nothing from nothing', () => {
    expect(progressOf(job({}), undefined, now(5)).etaSeconds).toBeNull();
    const silent = job({ currentStage: 'prepare' });
    expect(progressOf(silent, { percent: 0 }, now(5)).etaSeconds).toBeNull();
  });

  it('stays where a failed job got to', () => {
    const stages = { prepare: { outcome: 'succeeded' }, sfm: { outcome: 'failed' } };
    const failed = job({ status: 'failed', stages });
    expect(progressOf(failed, undefined, now(9))).toMatchObject({ stage: null, percent: 5 });
  });
});

describe('the timeline of a job', () => {
  it('tells in their order what its record knows', () => {
    const events = timelineOf(
      job({
        status: 'canceled',
        stages: { prepare: { beganAt: at(1), endedAt: at(3) }, sfm: { beganAt: at(4) } },
        restarts: [{ at: at(2), code: 'service_fault' }],
        cancelRequestedAt: at(5),
        endedAt: at(6),
      }),
    ).map(({ event, stage }) => (stage ? `${event} ${stage}` : event));
    expect(events).toEqual([
      'queued',
      'stage_began prepare',
      'restarted',
      'stage_ended prepare',
      'stage_began sfm',
      'cancel_requested',
      'canceled',
    ]);
  });
});
