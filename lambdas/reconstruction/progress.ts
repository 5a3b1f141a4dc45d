import { hasEnded, type Job } from './job.ts';
import type { StageProgress } from './stage-result.ts';
import { shareBefore, shareOf, stagesOf } from './stages.ts';

/**
 * How far the whole job is.
 *
 * The time that is left is what the stage says of itself, and for the stages behind it their share
 * of the whole at the pace so far: a guess that gets better as the job goes on, and null while
 * there is nothing to guess from.
 *
 * @param said what the current stage said last; undefined where it has said nothing, or was not
 *   asked
 */
export function progressOf(job: Job, said: StageProgress | undefined, now: number) {
  const stage = job.currentStage;
  if (job.status === 'completed') {
    return { stage: null, percent: 100, etaSeconds: 0, message: null };
  }
  if (!stage || hasEnded(job)) {
    return { stage: null, percent: percentEnded(job), etaSeconds: null, message: null };
  }
  const share = shareOf(job.inputKind, stage);
  const stageFraction = job.stages[stage]?.endedAt ? 1 : clamp((said?.percent ?? 0) / 100);
  const percent = shareBefore(job.inputKind, stage) + share * stageFraction;
  return {
    stage,
    percent: round(percent),
    etaSeconds: etaSeconds(job, percent, said?.etaSeconds ?? undefined, now),
    message: said?.message ?? null,
  };
}

function etaSeconds(job: Job, percent: number, stageEta: number | undefined, now: number) {
  const { currentStage: stage, startedAt, inputKind } = job;
  if (!stage || !startedAt || stageEta === undefined || percent <= 0) return null;
  const percentBehind = 100 - shareBefore(inputKind, stage) - shareOf(inputKind, stage);
  const secondsPerPercent = (now - Date.parse(startedAt)) / 1000 / percent;
  return Math.round(stageEta + percentBehind * secondsPerPercent);
}

const percentEnded = (job: Job) =>
  stagesOf(job.inputKind)
    .filter((stage) => job.stages[stage]?.outcome === 'succeeded')
    .reduce((sum, stage) => sum + shareOf(job.inputKind, stage), 0);

const clamp = (fraction: number) => Math.min(1, Math.max(0, fraction));
const round = (percent: number) => Math.round(percent * 10) / 10;
