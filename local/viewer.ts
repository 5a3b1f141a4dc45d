import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Problem } from '../lambdas/platform/problems.ts';

/** Where the viewer of a job's result is, for a browser on this machine. */
export const viewerUrl = (frontDoorUrl: string, jobId: string) =>
  `${frontDoorUrl}/view/jobs/${jobId}`;

/**
 * Shows the viewer of a job, without asking who wants to see it: it uses the key of the demo
 * workspace. So it answers only to the names that this machine has for itself; a page from elsewhere
 * that has made its own name point here (DNS rebinding) gets nothing.
 */
export class Viewer {
  readonly #frontDoorUrl: string;

  constructor(frontDoorUrl: string) {
    this.#frontDoorUrl = frontDoorUrl;
  }

  /** @throws Problem as the API's, such as `not_found` or `job_not_finished` */
  async show(
    request: IncomingMessage,
    response: ServerResponse,
    jobId: string,
    apiKey: string,
  ): Promise<void> {
    const name = (request.headers.host ?? '').replace(/:\d+$/, '');
    if (name !== '127.0.0.1' && name !== 'localhost') throw new Problem('not_found');
    const artifacts = await fetch(`${this.#frontDoorUrl}/v1/jobs/${jobId}/artifacts`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    if (!artifacts.ok) return passOn(artifacts, response);
    const { downloadUrls } = (await artifacts.json()) as { downloadUrls: { viewer?: string } };
    if (!downloadUrls.viewer) {
      throw new Problem('not_found', { detail: `${jobId} has no viewer.` });
    }
    const viewer = await fetch(downloadUrls.viewer);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    // Made from what someone uploaded: it may run, but is not of this origin.
    response.setHeader('content-security-policy', 'sandbox allow-scripts');
    await passOn(viewer, response);
  }
}

async function passOn(answer: Response, response: ServerResponse): Promise<void> {
  response.statusCode = answer.status;
  if (!response.hasHeader('content-type')) {
    response.setHeader('content-type', answer.headers.get('content-type') ?? 'text/plain');
  }
  await pipeline(
    answer.body ? Readable.fromWeb(answer.body as never) : Readable.from([]),
    response,
  );
}
