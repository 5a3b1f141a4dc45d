import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { App } from 'aws-cdk-lib/core';
import { apiKeyStore } from '../../lambdas/accounts/api-key-store.ts';
import { documents } from '../../lambdas/platform/dynamodb.ts';
import { WorkspaceId } from '../../lambdas/platform/ids.ts';
import { account, region } from '../../local/aws-environment.ts';
import { openDataFolder } from '../../local/data-folder.ts';
import { apiUrl, deploy, output } from '../../local/deployment.ts';
import type { Platform } from '../../local/platform.ts';
import { bundleBare } from './bare/bundle.ts';
import { BareGetJobStack } from './bare/get-job-stack.ts';
import type { Benchmark, Row } from './benchmark.ts';
import { completedJob } from './completed-job.ts';
import { withPlatform } from './platform.ts';
import { mediansInTurns } from './turns.ts';

const warmUps = 50;
const repetitions = 500;

export const getJob: Benchmark = {
  name: 'get-job',
  about: 'GET /v1/jobs/{id} of a completed job, beside a bare function that reads the same items',
  measure: () => withPlatform(compare),
};

async function compare(platform: Platform, scratch: string): Promise<Row[]> {
  const { deployment, emulator, credentials } = platform;
  const path = `/v1/jobs/${await storedJob(platform)}`;
  const bareUrl = await deployedBare(platform, scratch);
  const requests = {
    ours: () => answerMillis(`${apiUrl(deployment, emulator)}${path}`, credentials.apiKey),
    bare: () => answerMillis(`${bareUrl}${path}`, credentials.apiKey),
    frontDoor: () => answerMillis(`${platform.url}${path}`, credentials.apiKey),
  };
  await mediansInTurns(warmUps, requests);
  const { ours, bare, frontDoor } = await mediansInTurns(repetitions, requests);
  return [
    { subject: 'get-job', unit: 'ms', ours, bare, target: { ratio: 1.3, plus: 0 } },
    {
      subject: 'get-job through the front door',
      unit: 'ms',
      ours: frontDoor,
      target: { ratio: 0, plus: 10 },
    },
  ];
}

/** Puts a completed job into the table. Returns its id. */
async function storedJob({ deployment, credentials }: Platform): Promise<string> {
  const job = completedJob(WorkspaceId.parse(credentials.workspaceId), Date.now());
  const TableName = output(deployment, 'JobsTableName');
  await documents().send(new PutCommand({ TableName, Item: job }));
  return job.jobId;
}

/** Deploys the bare function next to the platform. Returns where its API answers. */
async function deployedBare(platform: Platform, scratch: string): Promise<string> {
  const { deployment, emulator, credentials } = platform;
  const keysTable = output(deployment, 'ApiKeysTableName');
  const workspaceId = WorkspaceId.parse(credentials.workspaceId);
  const [key] = await apiKeyStore(documents(), keysTable).list(workspaceId, 1);
  if (!key) throw new Error('The demo workspace has no API key.');

  const bundle = join(scratch, 'bundle');
  await mkdir(bundle);
  const app = new App({ outdir: join(scratch, 'assembly') });
  new BareGetJobStack(app, 'Bare', {
    env: { account, region },
    bundle: bundleBare('get-job.ts', bundle),
    environment: {
      API_KEYS_TABLE: keysTable,
      JOBS_TABLE: output(deployment, 'JobsTableName'),
      KEY_HASH: key.keyHash,
      WORKSPACE_ID: workspaceId,
    },
  });
  const assembly = { folder: app.synth().directory, hash: 'bare' };
  const folder = await openDataFolder(join(scratch, 'bare'), false);
  return apiUrl(await deploy(assembly, emulator, folder, console.error), emulator);
}

/** @throws Error where the answer is no 200 */
async function answerMillis(url: string, apiKey: string): Promise<number> {
  const startedAt = performance.now();
  const answer = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } });
  const body = await answer.text();
  const millis = performance.now() - startedAt;
  if (answer.status !== 200) throw new Error(`GET ${url} answered ${answer.status}: ${body}`);
  return millis;
}
