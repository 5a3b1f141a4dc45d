import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { ApiClient, type JobAnswer } from '../../local/api-client.ts';
import { output } from '../../local/deployment.ts';
import { fewPhotos, quickConfig } from './example-photos.ts';
import { kill, processesOfJob, processesWith, runsStage } from './processes.ts';
import { ended, until, untilJob } from './waiting.ts';

const credentials = inject('credentials');
const api = new ApiClient(credentials);
const cloudDir = `${inject('platformDataDir')}/cloud`;
let inputUri: string;

beforeAll(async () => {
  ({ inputUri } = await api.upload('photos', fewPhotos()));
});

const start = (config: object = quickConfig) =>
  api.createJob({ inputUri, inputKind: 'photos', config });

interface LogLine {
  readonly stage: string;
  readonly attempt: number;
  readonly event: string;
  readonly resumed?: boolean;
}

const logOf = async (jobId: string, stage: string) =>
  (await api.call<{ lines: LogLine[] }>('GET', `/v1/jobs/${jobId}/logs?stage=${stage}&tail=1000`))
    .lines;

/** Written last of a checkpoint (`containers/job-runtime/job_runtime/checkpoint.py`). */
const hasCheckpoint = async (jobId: string) => {
  const job = `workspaces/${credentials.workspaceId}/jobs/${jobId}`;
  const { KeyCount } = await new S3Client({ forcePathStyle: true }).send(
    new ListObjectsV2Command({
      Bucket: output(inject('deployment'), 'ArtifactsBucketName'),
      Prefix: `${job}/train/checkpoint/latest.json`,
    }),
  );
  return KeyCount === 1;
};

/** Long enough to be killed in the middle, after a checkpoint. */
const longerTraining = { ...quickConfig, trainSeconds: 40 };

const expectWhole = (job: JobAnswer) => {
  expect(job.status).toBe('completed');
  expect(job.quality.psnrDb).toBeGreaterThan(10);
};

describe('kill -9', () => {
  it.each([
    ['the runtime', '-m job_runtime reconstruction'],
    ['the stage', '-m reconstruction train'],
  ])('of %s: the stage is tried again, from its checkpoint', async (_, command) => {
    const { jobId } = await start(longerTraining);
    await untilJob(api, jobId, () => runsStage(jobId, 'train'));
    await until(() => hasCheckpoint(jobId));
    kill(
      processesOfJob(jobId).filter(
        ({ text }) => text.includes(command) && !/supervisor/.test(text),
      ),
    );
    expectWhole(await ended(api, jobId));
    const lines = await logOf(jobId, 'train');
    expect(
      lines.filter(({ event }) => event === 'inputs_fetched').map(({ resumed }) => resumed),
    ).toEqual([false, true]);
    await until(async () => processesOfJob(jobId).length === 0);
  });

  it('of every Lambda worker: others take their places, and a job goes on', async () => {
    const { jobId } = await start();
    await untilJob(api, jobId, () => runsStage(jobId, 'sfm'));
    kill(workers());
    const listed = await api.call<{ items: { jobId: string }[] }>('GET', '/v1/jobs');
    expect(listed.items.map((job) => job.jobId)).toContain(jobId);
    expectWhole(await ended(api, jobId));
  });

  it('of the emulator in the middle of a job: it is started again, and the job goes on', async () => {
    const { jobId } = await start();
    await untilJob(api, jobId, () => runsStage(jobId, 'sfm'));
    kill(processesWith(`-m emulator --port`).filter(({ text }) => isEmulator(text)));
    expectWhole(await ended(api, jobId));
    await until(async () => processesOfJob(jobId).length === 0);
  });
});

const isEmulator = (text: string) =>
  text.includes(`--data-dir ${cloudDir}`) && !/leash\.py/.test(text);

const workers = () =>
  processesWith(`LOCAL_CLOUD_DATA_DIR=${cloudDir}`).filter(({ text }) =>
    /_worker\.m?js/.test(text),
  );
