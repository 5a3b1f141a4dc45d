import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { s3Uri } from '../platform/s3.ts';
import { type Job, type JobKey, prefixOf } from './job.ts';
import { specKeyOf, specOf } from './spec.ts';
import { StageProgress, StageResult } from './stage-result.ts';
import type { Stage } from './stages.ts';

/** What a job and the control plane tell each other through the job's prefix. */
export interface JobBucket {
  readonly name: string;
  specUri(job: Job): string;
  writeSpec(job: Job): Promise<void>;
  /** Undefined while the stage has not ended. */
  result(key: JobKey, stage: Stage): Promise<StageResult | undefined>;
  /** Undefined before the stage has said anything. */
  progress(key: JobKey, stage: Stage): Promise<StageProgress | undefined>;
  /** A link that downloads an artifact, good for an hour. */
  link(key: JobKey, path: string): Promise<string>;
}

const linkSeconds = 3600;

export function jobBucket(client: S3Client, name: string): JobBucket {
  async function json(key: string): Promise<unknown> {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
      return JSON.parse((await Body?.transformToString()) ?? '');
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }
  return {
    name,

    specUri: (job) => s3Uri(name, specKeyOf(job)),

    async writeSpec(job) {
      await client.send(
        new PutObjectCommand({
          Bucket: name,
          Key: specKeyOf(job),
          Body: JSON.stringify(specOf(job), null, 2),
          ContentType: 'application/json',
        }),
      );
    },

    async result(key, stage) {
      return StageResult.optional().parse(await json(`${prefixOf(key)}${stage}/result.json`));
    },

    // Progress is a courtesy: what can't be read is none.
    async progress(key, stage) {
      return StageProgress.safeParse(await json(`${prefixOf(key)}progress/${stage}.json`)).data;
    },

    link: (key, path) =>
      getSignedUrl(
        client,
        new GetObjectCommand({
          Bucket: name,
          Key: `${prefixOf(key)}${path}`,
          ...presentation(path),
        }),
        { expiresIn: linkSeconds },
      ),
  };
}

/** Pages and pictures open in the browser; everything else is saved under its name. */
function presentation(path: string) {
  const fileName = path.slice(path.lastIndexOf('/') + 1);
  const shown = shownTypes[fileName.slice(fileName.lastIndexOf('.'))];
  return shown
    ? { ResponseContentType: shown, ResponseContentDisposition: 'inline' }
    : { ResponseContentDisposition: `attachment; filename="${fileName.replaceAll('"', '')}"` };
}

const shownTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
};
