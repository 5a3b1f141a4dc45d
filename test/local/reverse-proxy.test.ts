import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Problem } from '../../lambdas/platform/problems.ts';
import { ReverseProxy } from '../../local/reverse-proxy.ts';

/** Answers with the path that it was asked for. */
const behind = createServer((asked, answer) => answer.end(asked.url));
const proxy = new ReverseProxy();
const door = createServer((asked, answer) => {
  proxy.pass(asked, answer, `${addressOf(behind)}/inner`).catch((error: Problem) => {
    answer.statusCode = error instanceof Problem ? error.status : 500;
    answer.end();
  });
});
const addressOf = (server: typeof behind) =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  for (const server of [behind, door]) {
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  }
});
afterAll(() => {
  proxy.close();
  door.close();
  behind.close();
});

/** Sends the path as it stands; `fetch` would fold it. */
const ask = (url: string, path: string) =>
  new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const { hostname, port } = new URL(url);
    request({ hostname, port, path }, async (answer) => {
      const chunks = await answer.toArray();
      resolve({ status: answer.statusCode, body: Buffer.concat(chunks).toString() });
    })
      .on('error', reject)
      .end();
  });

it('passes a path on below its target', async () => {
  expect(await ask(addressOf(door), '/v1/jobs?page=2')).toEqual({
    status: 200,
    body: '/inner/v1/jobs?page=2',
  });
});

it.each(['/../secret', '/v1/../../secret', '/v1/%2e%2e/%2e%2e/secret'])(
  'refuses %s, which leads out of its target',
  async (path) => {
    expect((await ask(addressOf(door), path)).status).toBe(404);
  },
);

it('keeps callers of the front door inside the API', async () => {
  const { status } = await ask(inject('credentials').baseUrl, '/v1/../../../../_ministack/health');
  expect(status).toBe(404);
});
