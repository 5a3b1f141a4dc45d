import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, hasEnded, type JobAnswer } from '../../local/api-client.ts';
import { jobImages } from '../../local/images.ts';
import type { Platform } from '../../local/platform.ts';
import { startOnLeash } from '../../local/processes.ts';
import { pythonEnvironment } from '../../local/python-environment.ts';
import { root } from '../../local/root.ts';
import type { Benchmark, Row } from './benchmark.ts';
import { withPlatform } from './platform.ts';
import { mediansInTurns } from './turns.ts';

const photosFolder = join(root, 'examples/tabletop/photos');
const trainSeconds = 60;
const repetitions = 3;

export const reconstruction: Benchmark = {
  name: 'reconstruction',
  about: `the tabletop, trained for ${trainSeconds} s, beside bare pycolmap and the bare trainer`,
  measure: () => withPlatform(compare),
};

async function compare({ credentials }: Platform, scratch: string): Promise<Row[]> {
  const python = join(await pythonEnvironment('reconstruction', console.error), 'python');
  const api = new ApiClient(credentials);
  const names = (await readdir(photosFolder)).filter((name) => name.endsWith('.jpg')).sort();
  const photos = names.map((name) => join(photosFolder, name));
  // Compiles the kernels of every stage into the cache that both sides use.
  await jobSeconds(api, photos.slice(0, 15), 5);
  const { ours, bare } = await mediansInTurns(repetitions, {
    bare: () => bareSeconds(python, scratch),
    ours: () => jobSeconds(api, photos, trainSeconds),
  });
  return [{ subject: 'reconstruction', unit: 's', ours, bare, target: { ratio: 1.05, plus: 5 } }];
}

/**
 * From the request to the end of the job; the upload comes before.
 *
 * @throws Error where it does not complete
 */
async function jobSeconds(
  api: ApiClient,
  photos: readonly string[],
  trainSeconds: number,
): Promise<number> {
  const { inputUri } = await api.upload('photos', photos);
  let job = await api.createJob({ inputUri, inputKind: 'photos', config: { trainSeconds } });
  for (; !hasEnded(job); job = await api.job(job.jobId)) await sleep(1000);
  if (job.status !== 'completed' || job.endedAt === null) {
    throw new Error(`The job ${job.status}: ${job.errorMessage}`);
  }
  const seconds = (Date.parse(job.endedAt) - Date.parse(job.createdAt)) / 1000;
  const { registeredPhotos, psnrDb } = job.quality;
  const reached = { ...stageSeconds(job), registeredPhotos, psnrDb };
  console.error(`  job   ${seconds.toFixed(1)} s ${JSON.stringify(reached)}`);
  return seconds;
}

/** From the beginning to the end of each stage, with the wait for a machine. */
function stageSeconds({ timeline }: JobAnswer): Record<string, number> {
  const ended = timeline.filter(({ event }) => event === 'stage_ended');
  return Object.fromEntries(
    ended.map(({ at, stage }) => {
      const began = timeline.find(
        (entry) => entry.event === 'stage_began' && entry.stage === stage,
      );
      return [String(stage), (Date.parse(at) - Date.parse(began?.at ?? at)) / 1000];
    }),
  );
}

/** @throws Error where the program fails */
async function bareSeconds(python: string, scratch: string): Promise<number> {
  const program = join(import.meta.dirname, 'bare/reconstruct.py');
  const { environment } = jobImages()['cybernetic-physics/reconstruction'];
  const workdir = await mkdtemp(join(scratch, 'bare-'));
  const lines: string[] = [];
  const startedAt = performance.now();
  const running = startOnLeash([python, program, photosFolder, workdir, String(trainSeconds)], {
    env: environment,
    onLine: (line) => lines.push(line),
  });
  if ((await running.ended) !== 0) {
    throw new Error(`bare/reconstruct.py failed.\n${lines.slice(-20).join('\n')}`);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  console.error(`  bare  ${seconds.toFixed(1)} s ${lines.at(-1)}`);
  return seconds;
}
