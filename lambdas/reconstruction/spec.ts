import { hours, timestamp } from '../platform/clock.ts';
import { type Job, maxQueueHours, prefixOf } from './job.ts';
import { stagesOf } from './stages.ts';

export const specKeyOf = (job: Job) => `${prefixOf(job)}spec.json`;

/** What the stages are told, once and for all: `spec.json` in containers/README.md. */
export const specOf = (job: Job) => ({
  schemaVersion: 1,
  jobId: job.jobId,
  workspaceId: job.workspaceId,
  inputKind: job.inputKind,
  inputUri: job.inputUri,
  engine: job.engine,
  config: job.config,
  deadline: timestamp(Date.parse(job.createdAt) + longestMillis(job)),
});

/** The time that a job may run, and that each of its stages may wait for a machine. */
const longestMillis = ({ inputKind, costGuardrails }: Job) =>
  costGuardrails.maxRuntimeMinutes * 60_000 + stagesOf(inputKind).length * hours(maxQueueHours);
