import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, hasEnded, type JobAnswer } from './api-client.ts';
import type { Platform } from './platform.ts';
import { type ProgressLine, progressLine } from './progress-line.ts';
import type { Tell } from './python-environment.ts';
import { root } from './root.ts';
import { viewerUrl } from './viewer.ts';

const photosFolder = join(root, 'examples', 'tabletop', 'photos');
const resultFolder = join(root, '.local', 'demo');

/** Long enough for a scene worth looking at, short enough to wait for. */
const trainSeconds = 60;

/**
 * Reconstructs the example photos as any client of the API would, shows how it goes, and says where
 * the result is.
 */
export async function runDemo({ url, credentials }: Platform, tell: Tell): Promise<void> {
  const api = new ApiClient(credentials);
  const names = (await readdir(photosFolder)).filter((name) => name.endsWith('.jpg')).sort();
  tell(`\nReconstructing the ${names.length} photos of ${relative(root, photosFolder)}.`);
  const upload = await api.upload(
    'photos',
    names.map((name) => join(photosFolder, name)),
  );
  const { jobId } = await api.createJob({
    inputUri: upload.inputUri,
    inputKind: 'photos',
    config: { trainSeconds },
  });
  tell(`Started ${jobId}.`);
  const job = await watch(api, jobId, progressLine(process.stdout));
  if (job.status !== 'completed') {
    tell(`It ${job.status}. ${job.errorMessage ?? ''}`);
    tell(`Its log: curl -H "Authorization: Bearer …" ${url}/v1/jobs/${jobId}/logs`);
    return;
  }
  const usdz = join(resultFolder, 'scene.usdz');
  await mkdir(resultFolder, { recursive: true });
  await writeFile(usdz, await api.artifact(jobId, 'usdz'));
  for (const line of summary(job, usdz, url)) tell(line);
}

async function watch(api: ApiClient, jobId: string, line: ProgressLine): Promise<JobAnswer> {
  while (true) {
    const job = await api.job(jobId);
    const { percent, stage } = job.progress;
    line.show(percent, `${job.status} ${stage}`, describe(job));
    if (hasEnded(job)) {
      line.end();
      return job;
    }
    await sleep(1000);
  }
}

function describe({ status, progress: { stage, percent, etaSeconds, message } }: JobAnswer) {
  const parts = [
    (stage ?? status).padEnd(8),
    `${percent.toFixed(0).padStart(3)} %`,
    etaSeconds === null ? '' : `about ${Math.ceil(etaSeconds)} s left`,
    message ?? '',
  ];
  return parts.filter(Boolean).join('  ');
}

function summary({ jobId, quality }: JobAnswer, usdz: string, url: string): string[] {
  const { registeredPhotos, totalPhotos, gaussians, psnrDb } = quality;
  return [
    '',
    `USDZ            ${usdz}`,
    `photos placed   ${registeredPhotos} of ${totalPhotos}`,
    `gaussians       ${gaussians}`,
    `held-out PSNR   ${psnrDb?.toFixed(1)} dB (on photos that training never saw)`,
    `see it          ${viewerUrl(url, jobId)}`,
  ];
}
