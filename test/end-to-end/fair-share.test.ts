import { expect, inject, it } from 'vitest';
import { ApiClient, type JobAnswer } from '../../local/api-client.ts';
import { fewPhotos, quickConfig } from './example-photos.ts';
import { ended, untilJob } from './waiting.ts';
import { newWorkspace } from './workspaces.ts';

const many = 4;

it('a workspace with one job does not wait for all the jobs of another', async () => {
  const busy = new ApiClient(inject('credentials'));
  const modest = new ApiClient(await newWorkspace());
  const start = async (api: ApiClient) => {
    const { inputUri } = await api.upload('photos', fewPhotos().slice(0, 3));
    return async () =>
      (await api.createJob({ inputUri, inputKind: 'photos', config: quickConfig })).jobId;
  };
  const [startBusy, startModest] = [await start(busy), await start(modest)];

  const first = await startBusy();
  await untilJob(busy, first, ({ startedAt }) => startedAt !== null);
  const queued: string[] = [];
  for (let count = 1; count < many; count++) queued.push(await startBusy());
  const late = await startModest();

  const last = queued.at(-1) ?? '';
  const jobs = await Promise.all([ended(busy, last), ended(modest, late)]);
  const [lastOfBusy, onlyOfModest] = jobs.map(endOfPrepare);
  expect(onlyOfModest).toBeLessThan(lastOfBusy ?? 0);
});

/** When the first stage was done: before it every job waits for the same place. */
function endOfPrepare({ jobId, timeline }: JobAnswer): number {
  const event = timeline.find(({ event, stage }) => event === 'stage_ended' && stage === 'prepare');
  if (!event) throw new Error(`${jobId} has not been prepared: ${JSON.stringify(timeline)}`);
  return Date.parse(event.at);
}
