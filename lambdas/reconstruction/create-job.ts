import { chooseGpu } from '../gpus/choose-gpu.ts';
import type { Actor } from '../platform/actor.ts';
import { timestamp } from '../platform/clock.ts';
import type { Idempotency } from '../platform/idempotency.ts';
import type { NewId } from '../platform/ids.ts';
import { log } from '../platform/log.ts';
import { fromUsd } from '../platform/money.ts';
import { validationFailed } from '../platform/validation.ts';
import { requireComplete } from '../uploads/missing-files.ts';
import { inputUriOf, type Upload } from '../uploads/upload.ts';
import type { UploadBucket } from '../uploads/upload-bucket.ts';
import type { UploadStore } from '../uploads/upload-store.ts';
import { findInput, notOwned } from './find-input.ts';
import type { Engine, Job, JobConfig } from './job.ts';
import type { JobStore } from './job-store.ts';
import type { NewJob } from './new-job.ts';
import { type ShowJobDeps, showJob } from './show-job.ts';

export interface CreateJobDeps extends ShowJobDeps {
  readonly newId: NewId;
  readonly engine: Engine;
  readonly jobs: JobStore;
  readonly uploads: UploadStore;
  readonly uploadBucket: UploadBucket;
}

/** How long training takes unless the request says otherwise. */
const defaultTrainSeconds: Readonly<Record<Engine, number>> = { '3dgrut': 900, 'cpu-lite': 90 };

/**
 * Writes the record of a new job; the change of the table starts it.
 *
 * @throws Problem `input_not_owned`, `validation_failed`, `no_gpu_offer`, `upload_incomplete`
 */
export async function createJob(
  deps: CreateJobDeps,
  actor: Actor,
  wanted: NewJob,
  idempotency: Idempotency,
) {
  const upload = await findInput(deps, actor, wanted);
  const job = newJob(deps, actor, wanted, upload);
  await requireComplete(deps.uploadBucket, upload);
  const view = await showJob(deps, job);
  const input = deps.uploads.use(upload);
  const created = await deps.jobs.create(job, input, idempotency.remember(view));
  if (created === 'input_gone') throw notOwned(wanted.inputUri);
  const { jobId, workspaceId, inputKind } = job;
  log.info('job.created', { jobId, workspaceId, inputKind, gpuClass: job.gpu.class });
  return view;
}

function newJob(deps: CreateJobDeps, actor: Actor, wanted: NewJob, upload: Upload): Job {
  const { costGuardrails, config } = wanted;
  const { maxRuntimeMinutes, maxHourlyPrice, gpuMinVram } = costGuardrails;
  const gpu = chooseGpu({ minVramGb: gpuMinVram, maxPricePerHour: fromUsd(maxHourlyPrice) });
  const now = timestamp(deps.clock.now());
  return {
    workspaceId: actor.workspaceId,
    jobId: deps.newId('job'),
    userId: actor.userId,
    status: 'queued',
    inputKind: wanted.inputKind,
    uploadId: upload.uploadId,
    inputUri: inputUriOf(deps.uploadBucket.name, upload),
    config: {
      ...config,
      trainSeconds: config.trainSeconds ?? defaultTrainSeconds[deps.engine],
      scaleReference: keptNames(config.scaleReference, upload),
    },
    costGuardrails,
    engine: deps.engine,
    gpu: {
      class: gpu.name,
      instanceType: gpu.instanceType,
      vramGb: gpu.vramGb,
      pricePerHour: gpu.pricePerHour,
    },
    costEstimate: fromUsd((maxRuntimeMinutes / 60) * maxHourlyPrice),
    attempt: 1,
    restarts: [],
    stages: {},
    createdAt: now,
    updatedAt: now,
    live: 'live',
  };
}

/** People name photos as they know them; the stages know the names under which they are kept. */
function keptNames(
  reference: JobConfig['scaleReference'],
  upload: Upload,
): JobConfig['scaleReference'] {
  if (!reference) return null;
  const keptName = (field: 'photoA' | 'photoB') => {
    const given = reference[field];
    const file =
      upload.files.find(({ name }) => name === given) ??
      upload.files.find(({ givenName }) => givenName === given);
    if (!file) throw noSuchPhoto(field, given, upload);
    return file.name;
  };
  return { ...reference, photoA: keptName('photoA'), photoB: keptName('photoB') };
}

const noSuchPhoto = (field: string, given: string, upload: Upload) =>
  validationFailed({
    pointer: `/config/scaleReference/${field}`,
    detail: `${upload.uploadId} has no photo ${given.slice(0, 100)}`,
    fix: `Send the name of one of its photos, such as ${upload.files[0]?.name}.`,
  });
