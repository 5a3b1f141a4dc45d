import { beforeAll, describe, expect, inject, it } from 'vitest';
import { ApiClient } from '../../local/api-client.ts';
import { fewPhotos, quickConfig } from './example-photos.ts';
import { processesOfJob, runsStage } from './processes.ts';
import { ended, until, untilJob } from './waiting.ts';

const api = new ApiClient(inject('credentials'));
let inputUri: string;

beforeAll(async () => {
  ({ inputUri } = await api.upload('photos', fewPhotos()));
});

const start = () => api.createJob({ inputUri, inputKind: 'photos', config: quickConfig });

describe('a job that is canceled', () => {
  it.each(['prepare', 'sfm', 'train', 'export'] as const)(
    'in stage %s ends as canceled, and leaves no process',
    async (stage) => {
      const { jobId } = await start();
      await untilJob(api, jobId, () => runsStage(jobId, stage));
      await api.call('POST', `/v1/jobs/${jobId}/cancel`);
      const job = await ended(api, jobId);
      expect(job.status).toBe('canceled');
      expect(job.statusReason?.code).toBe('canceled_by_user');
      await until(async () => processesOfJob(jobId).length === 0);
    },
  );

  it('before it starts never runs, and canceling it again changes nothing', async () => {
    const { jobId } = await start();
    await api.call('POST', `/v1/jobs/${jobId}/cancel`);
    const again = await api.call<{ jobId: string }>('POST', `/v1/jobs/${jobId}/cancel`);
    expect(again.jobId).toBe(jobId);
    const job = await ended(api, jobId);
    expect(job.status).toBe('canceled');
    expect(job.artifacts?.usdz).toBeUndefined();
  });
});
