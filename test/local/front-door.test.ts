import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type FrontDoor, openFrontDoor } from '../../local/front-door.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { code?: string; detail?: string };
}

const ask = async (url: string, init?: RequestInit): Promise<Answer> => {
  const response = await fetch(url, init);
  const body = (await response.json()) as Answer['body'];
  return { status: response.status, headers: response.headers, body };
};

describe('the front door of a platform that is starting', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor(0);
  });
  afterAll(() => door.close());

  it.each(['/v1/jobs', '/health', '/oidc/jwks', '/view/jobs/job_1'])(
    'asks to come back for %s',
    async (path) => {
      const { status, headers, body } = await ask(`${door.url}${path}`);
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toBe('1');
      expect(headers.get('x-should-retry')).toBe('true');
      expect(body.code).toBe('temporarily_unavailable');
    },
  );

  it('asks to come back when nobody answers behind it', async () => {
    door.open({ apiUrl: 'http://127.0.0.1:1/api' });
    expect((await ask(`${door.url}/v1/jobs`)).body.code).toBe('temporarily_unavailable');
  });
});

describe('the front door', () => {
  const { baseUrl, apiKey } = inject('credentials');

  it.each(['/nope', '/v2/jobs', '/view', '/%00', '/favicon.ico'])(
    'answers a problem in JSON where there is nothing: %s',
    async (path) => {
      const { status, headers, body } = await ask(`${baseUrl}${path}`);
      expect(status).toBe(404);
      expect(headers.get('content-type')).toBe('application/problem+json');
      expect(body.code).toBe('route_not_found');
      expect(body.detail).toContain('/openapi.json');
    },
  );

  it('answers a problem in JSON to a method that no page has', async () => {
    const { status, body } = await ask(`${baseUrl}/`, { method: 'DELETE' });
    expect([status, body.code]).toEqual([404, 'route_not_found']);
  });

  it('leads to the API with everything that came with a request', async () => {
    const { status, body } = await ask(`${baseUrl}/v1/api-keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'through the door', scopes: ['jobs:read'] }),
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ name: 'through the door' });
  });

  it('passes the problems of the API on as they are', async () => {
    const { status, headers, body } = await ask(`${baseUrl}/view/jobs/job_unknown`);
    expect([status, body.code]).toEqual([404, 'not_found']);
    expect(headers.get('content-type')).toBe('application/problem+json');
  });

  it('shows results only to the names that this machine has for itself', async () => {
    const { port } = new URL(baseUrl);
    const status = await new Promise((resolve, reject) => {
      request(
        { port, path: '/view/jobs/job_1', headers: { host: 'evil.example.com' } },
        (response) => resolve([response.statusCode, response.headers['content-type']]),
      )
        .on('error', reject)
        .end();
    });
    expect(status).toEqual([404, 'application/problem+json']);
  });
});
