import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { newId } from '../lambdas/platform/ids.ts';
import { Problem, problemBody } from '../lambdas/platform/problems.ts';
import { homePage } from './home-page.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { mountPath } from './identity-provider.ts';
import { listen, loopback } from './ports.ts';
import { ReverseProxy } from './reverse-proxy.ts';
import { Viewer } from './viewer.ts';

/** What a request can be led to, once it is there. */
export interface BehindTheDoor {
  readonly identity?: IdentityProvider;
  /** Where the emulator answers for the API. */
  readonly apiUrl?: string;
  /** Lets the pages of the door see what is in the demo workspace. */
  readonly apiKey?: string;
}

/** The one address of the platform. */
export interface FrontDoor {
  readonly url: string;
  /** Leads requests to more than before; until then they are asked to come again. */
  open(behind: BehindTheDoor): void;
  close(): Promise<void>;
}

/**
 * Listens on loopback, and leads the API's paths to the emulator, `/oidc` to the identity provider,
 * and `/view/jobs/<id>` to the viewer of a job's result. Everything else is a problem in JSON.
 *
 * @throws Obstacle where the port is taken
 */
export async function openFrontDoor(port: number): Promise<FrontDoor> {
  let behind: BehindTheDoor = {};
  const proxy = new ReverseProxy();
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => tellProblem(request, response, error));
  });
  const url = `http://${loopback}:${await listen(server, port)}`;
  const viewer = new Viewer(url);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (isBelow(path, mountPath)) return ready(behind.identity).handle(request, response);
    if (isBelow(path, '/v1') || path === '/health' || path === '/openapi.json') {
      return proxy.pass(request, response, ready(behind.apiUrl));
    }
    requireGet(request);
    if (path === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8').end(homePage(url));
      return;
    }
    const [, jobId] = /^\/view\/jobs\/([^/]+)$/.exec(path) ?? [];
    if (jobId) return viewer.show(request, response, jobId, ready(behind.apiKey));
    throw new Problem('route_not_found', {
      detail: `There is nothing at ${path}. The API is below ${url}/v1; its routes: ${url}/openapi.json`,
    });
  }

  return {
    url,
    open: (more) => {
      behind = { ...behind, ...more };
    },
    async close() {
      proxy.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

function ready<Part>(part: Part | undefined): Part {
  if (part !== undefined) return part;
  throw new Problem('temporarily_unavailable', {
    detail: 'The platform is starting. Try again in a moment.',
    headers: { 'Retry-After': '1' },
  });
}

function requireGet({ method, url }: IncomingMessage): void {
  if (method === 'GET' || method === 'HEAD') return;
  throw new Problem('route_not_found', { detail: `There is no ${method} ${url}.` });
}

function tellProblem(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const problem = error instanceof Problem ? error : new Problem('internal', { cause: error });
  if (!(error instanceof Problem)) console.error(error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // Of a body that nobody reads the rest would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  const requestId = newId('req');
  response.writeHead(problem.status, {
    'X-Request-Id': requestId,
    'Content-Type': 'application/problem+json',
    'x-should-retry': String(problem.retryable),
    ...problem.headers,
  });
  response.end(JSON.stringify(problemBody(problem, requestId)));
}
