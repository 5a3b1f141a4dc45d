import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ApiClient, type JobAnswer } from '../../local/api-client.ts';
import { pythonEnvironment } from '../../local/python-environment.ts';
import { root } from '../../local/root.ts';
import { viewerUrl } from '../../local/viewer.ts';
import { openPage } from './browser.ts';
import { fewPhotos } from './example-photos.ts';

const run = promisify(execFile);
const credentials = inject('credentials');
const api = new ApiClient(credentials);
let folder: string;
let usdz: string;
let job: JobAnswer;

/** The walk-through of the examples is the client here: what it shows to readers is what is tested. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'walkthrough-'));
  const photos = join(folder, 'photos');
  for (const photo of fewPhotos()) await cp(photo, join(photos, basename(photo)));
  const script = join(root, 'examples', 'curl', 'walkthrough.sh');
  const { stdout } = await run('bash', [script, photos, folder], {
    env: {
      ...process.env,
      CP_BASE_URL: credentials.baseUrl,
      CP_API_KEY: credentials.apiKey,
      TRAIN_SECONDS: '5',
    },
  });
  const [, jobId = ''] = /started (job_\w+)/.exec(stdout) ?? [];
  job = await api.job(jobId);
  usdz = join(folder, 'scene.usdz');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Counts the prims of each type in a USD stage. */
const countPrims = `
import collections, json, sys
from pxr import Usd, UsdPhysics
stage = Usd.Stage.Open(sys.argv[1])
prims = list(stage.Traverse())
types = collections.Counter(prim.GetTypeName() for prim in prims)
colliders = sum(prim.HasAPI(UsdPhysics.CollisionAPI) for prim in prims)
print(json.dumps({"types": types, "colliders": colliders}))
`;

describe('photos by the API alone', () => {
  it('become a completed job that says how good it is', () => {
    expect(job.status).toBe('completed');
    expect(job.quality).toMatchObject({ registeredPhotos: 12, totalPhotos: 12 });
    expect(job.quality.reprojectionErrorPx).toBeLessThan(1);
    expect(job.quality.psnrDb).toBeGreaterThan(15);
    expect(job.engine).toBe('cpu-lite');
    expect(job.progress).toMatchObject({ percent: 100 });
  });

  it('become a USDZ that opens, with Gaussians, cameras and something to stand on', async () => {
    const python = join(
      await pythonEnvironment('reconstruction', console.log, { withTests: true }),
      'python',
    );
    const { stdout } = await run(python, ['-c', countPrims, usdz]);
    const { types, colliders } = JSON.parse(stdout);
    expect(types).toMatchObject({ ParticleField3DGaussianSplat: 1, Camera: 12 });
    expect(colliders).toBeGreaterThan(0);
  });

  it('become artifacts, each of which can be downloaded', async () => {
    const names = [
      'usdz',
      'colmapSparse',
      'logs',
      'ply',
      'spz',
      'cameras',
      'report',
      'thumbnail',
      'viewer',
    ];
    expect(Object.keys(job.artifacts ?? {}).sort()).toEqual(names.sort());
    for (const name of names) {
      expect((await api.artifact(job.jobId, name)).byteLength, name).toBeGreaterThan(0);
    }
  });

  it('become a scene that a browser shows', async () => {
    const page = await openPage(viewerUrl(credentials.baseUrl, job.jobId));
    try {
      await page.untilColourful();
      expect(page.errors()).toEqual([]);
    } finally {
      await page.close();
    }
  });
});
