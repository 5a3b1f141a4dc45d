import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { Credentials } from '../local/credentials.ts';
import type { Deployment } from '../local/deployment.ts';
import { startPlatform } from '../local/platform.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the platform that all tests of a run share; each works in tables or a workspace of its own. */
    credentials: Credentials;
    platformDataDir: string;
    deployment: Deployment;
  }
}

/**
 * Starts one platform for the run: the emulator, with the CDK app deployed onto it, behind a front
 * door. Its endpoint and credentials are in the environment of every test.
 */
export default async function setup(project: TestProject) {
  const dataDir = await mkdtemp(join(tmpdir(), 'platform-'));
  const platform = await startPlatform({
    port: 0,
    dataDir,
    fresh: false,
    withTests: true,
    credentialsFile: join(dataDir, 'client-credentials.json'),
    tell: (line) => console.log(line),
  });
  project.provide('credentials', platform.credentials);
  project.provide('platformDataDir', dataDir);
  project.provide('deployment', platform.deployment);
  return async () => {
    await platform.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}
