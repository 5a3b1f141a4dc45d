import {
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type JobKey, prefixOf } from './job.ts';
import { Stage, stages } from './stages.ts';

/** The log of one attempt at a stage, growing while it runs. */
export interface LogFile {
  readonly stage: Stage;
  readonly attempt: number;
  readonly key: string;
  readonly sizeBytes: number;
}

/** The logs that a job writes: one JSON object per line in `logs/<stage>-<attempt>.jsonl`. */
export interface LogBucket {
  /** In the order in which they were written. */
  files(key: JobKey): Promise<LogFile[]>;
  /** Up to `length` bytes of a log from `offset` on. */
  read(file: LogFile, offset: number, length: number): Promise<Buffer>;
  /**
   * Puts all logs of a job into one file.
   *
   * @returns its key behind the job's prefix; undefined where there are no logs
   */
  collect(key: JobKey): Promise<string | undefined>;
}

const collectedPath = 'artifacts/logs.jsonl';

/** Of each log; more than that nobody reads, and the function has to hold it. */
const maxCollectedBytes = 16 * 1024 ** 2;

export function logBucket(client: S3Client, name: string): LogBucket {
  async function files(key: JobKey): Promise<LogFile[]> {
    const found: LogFile[] = [];
    const prefix = `${prefixOf(key)}logs/`;
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client },
      { Bucket: name, Prefix: prefix },
    )) {
      for (const { Key = '', Size = 0 } of Contents) {
        const match = /^(\w+)-(\d+)\.jsonl$/.exec(Key.slice(prefix.length));
        const stage = Stage.safeParse(match?.[1]).data;
        if (stage) found.push({ stage, attempt: Number(match?.[2]), key: Key, sizeBytes: Size });
      }
    }
    return found.sort(byTime);
  }

  async function read(file: LogFile, offset: number, length: number): Promise<Buffer> {
    const end = Math.min(offset + length, file.sizeBytes);
    if (end <= offset) return Buffer.alloc(0);
    const { Body } = await client.send(
      new GetObjectCommand({ Bucket: name, Key: file.key, Range: `bytes=${offset}-${end - 1}` }),
    );
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }

  return {
    files,
    read,
    async collect(key) {
      const logs = await files(key);
      if (logs.length === 0) return undefined;
      const texts = await Promise.all(logs.map((file) => read(file, 0, maxCollectedBytes)));
      await client.send(
        new PutObjectCommand({
          Bucket: name,
          Key: `${prefixOf(key)}${collectedPath}`,
          Body: Buffer.concat(texts),
          ContentType: 'application/x-ndjson',
        }),
      );
      return collectedPath;
    },
  };
}

const byTime = (one: LogFile, other: LogFile) =>
  stages.indexOf(one.stage) - stages.indexOf(other.stage) || one.attempt - other.attempt;
