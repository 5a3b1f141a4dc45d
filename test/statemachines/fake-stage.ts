/**
 * A job of the reconstruction image that does as it is told: it keeps the contract of
 * containers/README.md, but the work is a line of `told/<stage>.json` under the job's prefix, one
 * for each attempt; the last one holds for those behind it. What it is told nothing of, succeeds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { parseS3Uri } from '../../lambdas/platform/s3.ts';
import type { Stage } from '../../lambdas/reconstruction/stages.ts';
import { resultOf } from '../reconstruction/results.ts';

/**
 * What one attempt does: ends with an exit code, stays until it is stopped, or says its result,
 * possibly not before a test has put `told/go` beside.
 */
export type Told =
  | { readonly exit: number }
  | { readonly stay: true }
  | { readonly result: object; readonly onGo?: true };

const client = new S3Client({});
const stage = process.env.JOB_STAGE as Stage;
const attempt = Number(process.env.AWS_BATCH_JOB_ATTEMPT);
const spec = parseS3Uri(process.env.JOB_SPEC_URI ?? '');
if (!spec) throw new Error('JOB_SPEC_URI names no object');
const object = (path: string) => ({
  Bucket: spec.bucket,
  Key: spec.key.replace(/spec\.json$/, path),
});
const put = (path: string, content: unknown) =>
  client.send(new PutObjectCommand({ ...object(path), Body: JSON.stringify(content) }));

async function isThere(path: string): Promise<boolean> {
  try {
    await client.send(new HeadObjectCommand(object(path)));
    return true;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}

async function told(): Promise<Told> {
  try {
    const { Body } = await client.send(new GetObjectCommand(object(`told/${stage}.json`)));
    const all: Told[] = JSON.parse((await Body?.transformToString()) ?? '');
    return all[attempt - 1] ?? all.at(-1) ?? { result: {} };
  } catch (error) {
    if (error instanceof NoSuchKey) return { result: {} };
    throw error;
  }
}

if (await isThere(`${stage}/result.json`)) process.exit(0);
await put(`ran/${stage}-${process.env.AWS_BATCH_JOB_ID}-${attempt}`, { pid: process.pid });
const task = await told();
if ('exit' in task) process.exit(task.exit);
// Long enough for any test, and gone by itself should nobody stop it.
if ('stay' in task) setTimeout(() => process.exit(1), 300_000);
else {
  while (task.onGo && !(await isThere('told/go'))) await sleep(50);
  await put(`${stage}/result.json`, resultOf(stage, task.result));
}
