import { readFile } from 'node:fs/promises';
import { afterAll, expect, it } from 'vitest';
import { ApiClient } from '../../local/api-client.ts';
import { launcherIn, temporaryFolder } from '../local/launcher.ts';
import { fewPhotos, quickConfig } from './example-photos.ts';
import { kill, processesOfJob, runsStage } from './processes.ts';
import { ended, until, untilJob } from './waiting.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

it('kill -9 of everything in the middle of a job: after the next start it goes on', async () => {
  const launcher = await launcherIn(folder.path);
  const started = launcher.start();
  await started.up();
  const api = new ApiClient(JSON.parse(await readFile(launcher.credentialsFile, 'utf8')));
  const { inputUri } = await api.upload('photos', fewPhotos());
  const { jobId } = await api.createJob({ inputUri, inputKind: 'photos', config: quickConfig });
  await untilJob(api, jobId, () => runsStage(jobId, 'sfm'));

  kill([...launcher.processes(), { pid: started.child.pid ?? 0, text: '' }]);
  await until(async () => launcher.processes().length === 0);
  expect(processesOfJob(jobId)).toEqual([]);

  const again = launcher.start();
  await again.up();
  const job = await ended(api, jobId);
  expect(job.status).toBe('completed');
  expect(job.timeline.map(({ event }) => event)).toContain('restarted');
  again.child.kill('SIGINT');
  expect(await again.ended).toBe(0);
  expect(launcher.processes()).toEqual([]);
});
