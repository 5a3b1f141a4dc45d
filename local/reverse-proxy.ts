import {
  Agent,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { Problem } from '../lambdas/platform/problems.ts';

/** About one connection, never passed on (RFC 9110, section 7.6.1). */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade'];

/** Longer than API Gateway lets any request take, shorter than the emulator keeps a connection. */
const idleTimeoutMillis = 60_000;

/** Passes requests on as they are, over connections that are kept. */
export class ReverseProxy {
  readonly #agent = new Agent({ keepAlive: true, timeout: idleTimeoutMillis });

  /**
   * @param target what the request's path and query are appended to
   * @throws Problem `temporarily_unavailable` where nobody answers, `route_not_found` where the path
   *   would climb out of the target
   */
  async pass(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    const answer = await this.#ask(request, below(target, request.url ?? '/'));
    response.writeHead(answer.statusCode ?? 502, withoutHopByHop(answer.headers));
    answer.pipe(response);
    // A caller who has gone must not hold the connection.
    response.on('close', () => answer.destroy());
    answer.on('error', () => response.destroy());
  }

  close(): void {
    this.#agent.destroy();
  }

  async #ask(request: IncomingMessage, url: URL): Promise<IncomingMessage> {
    const { method = 'GET' } = request;
    const headers = { ...withoutHopByHop(request.headers), host: url.host };
    const send = () =>
      new Promise<IncomingMessage>((resolve, reject) => {
        const outgoing = httpRequest(url, { method, headers, agent: this.#agent }, resolve);
        outgoing.on('error', (error) =>
          reject(Object.assign(error, { wasIdle: outgoing.reusedSocket })),
        );
        request.pipe(outgoing);
      });
    const hasBody = 'content-length' in headers || 'transfer-encoding' in headers;
    return send()
      .catch((error) => {
        // The other side may close an idle connection in the very moment in which it is used again.
        if (error.wasIdle && !hasBody) return send();
        throw error;
      })
      .catch((cause) => {
        throw new Problem('temporarily_unavailable', {
          detail: 'The platform is starting again. Try again in a moment.',
          headers: { 'Retry-After': '1' },
          cause,
        });
      });
  }
}

/** URLs fold `..` away, and with it whatever the target keeps callers to. */
function below(target: string, path: string): URL {
  const url = new URL(`${target}${path}`);
  if (url.href.startsWith(`${new URL(target).href.replace(/\/$/, '')}/`)) return url;
  throw new Problem('route_not_found', { detail: 'The path leads out of this API.' });
}

function withoutHopByHop(headers: IncomingMessage['headers']) {
  const named = String(headers.connection ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase());
  const dropped = new Set([...hopByHop, ...named]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}
