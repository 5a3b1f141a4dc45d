import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as z from 'zod';
import type { JobView } from '../lambdas/reconstruction/job-view.ts';
import type { Credentials } from './credentials.ts';

/** A job as the API answers it. */
export type JobAnswer = z.output<typeof JobView>;

interface UploadAnswer {
  readonly uploadId: string;
  readonly inputUri: string;
  readonly presignedUrls: readonly { url: string; fields: Record<string, string> }[];
}

/** What the API refuses, with the problem that it answered. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, body: { code: string; detail: string }) {
    super(`${body.code}: ${body.detail}`);
    this.status = status;
    this.code = body.code;
  }
}

const contentTypes: Record<string, string> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.mp4': 'video/mp4',
  '.ply': 'application/octet-stream',
};

const uploadsAtOnce = 4;

/** Enough for an emulator that is starting again. */
const maxAttempts = 30;

/** A client of the public API, which knows nothing that any other client would not. */
export class ApiClient {
  readonly #baseUrl: string;
  readonly #apiKey: string;

  constructor({ baseUrl, apiKey }: Pick<Credentials, 'baseUrl' | 'apiKey'>) {
    this.#baseUrl = baseUrl;
    this.#apiKey = apiKey;
  }

  /**
   * Reads again where the fault is not its own.
   *
   * @throws ApiProblem
   */
  async call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const response = await fetch(`${this.#baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#apiKey}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const answer: unknown = await response.json();
      if (response.ok) return answer as Answer;
      const problem = new ApiProblem(response.status, answer as { code: string; detail: string });
      if (method !== 'GET' || response.status < 500 || attempt === maxAttempts) throw problem;
      await sleep(1000);
    }
  }

  /** Sends files straight into the bucket. */
  async upload(
    inputKind: 'photos' | 'video' | 'splat',
    paths: readonly string[],
  ): Promise<UploadAnswer> {
    const contents = await Promise.all(paths.map((path) => readFile(path)));
    const files = paths.map((path, index) => ({
      name: basename(path),
      size: contents[index]?.byteLength ?? 0,
      contentType: contentTypes[extname(path).toLowerCase()] ?? 'application/octet-stream',
    }));
    const upload = await this.call<UploadAnswer>('POST', '/v1/uploads/presign', {
      inputKind,
      files,
    });
    const waiting = [...upload.presignedUrls.entries()];
    const send = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [index, { url, fields }] = next;
        const form = new FormData();
        for (const [name, value] of Object.entries(fields)) form.append(name, value);
        form.append('file', new Blob([contents[index] ?? '']), files[index]?.name);
        const response = await fetch(url, { method: 'POST', body: form });
        if (!response.ok) throw new Error(`${files[index]?.name}: ${await response.text()}`);
      }
    };
    await Promise.all(Array.from({ length: uploadsAtOnce }, send));
    return upload;
  }

  createJob(job: {
    inputUri: string;
    inputKind: 'photos' | 'video' | 'splat';
    config?: { trainSeconds?: number; maxResolution?: number };
  }): Promise<JobAnswer> {
    return this.call('POST', '/v1/jobs', job);
  }

  job(jobId: string): Promise<JobAnswer> {
    return this.call('GET', `/v1/jobs/${jobId}`);
  }

  /** The bytes of one artifact of a job. */
  async artifact(jobId: string, name: string): Promise<Buffer> {
    const { downloadUrls } = await this.call<{ downloadUrls: Record<string, string> }>(
      'GET',
      `/v1/jobs/${jobId}/artifacts`,
    );
    const url = downloadUrls[name];
    if (!url) throw new Error(`${jobId} has no ${name}, only ${Object.keys(downloadUrls)}.`);
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${name} of ${jobId}: ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }
}

/** Whether nothing will happen to it any more. */
export const hasEnded = ({ status }: Pick<JobAnswer, 'status'>): boolean =>
  status === 'completed' || status === 'failed' || status === 'canceled';
