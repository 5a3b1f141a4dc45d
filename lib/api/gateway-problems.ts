import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';

/** A problem that API Gateway answers itself, before any function is asked. */
export interface GatewayProblem {
  readonly type: ResponseType;
  /** Of `lambdas/platform/problems.ts`, with its status and title; a test compares them. */
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

const problem = (
  type: ResponseType,
  code: string,
  status: number,
  title: string,
  detail: string,
): GatewayProblem => ({ type, code, status, title, detail });

const noSuchRoute = (type: ResponseType) =>
  problem(type, 'route_not_found', 404, 'No such route', 'See /openapi.json for all routes.');

const tooMany = (type: ResponseType, detail: string) =>
  problem(type, 'too_many_requests', 429, 'Too many requests', detail);

const internal = (type: ResponseType) =>
  problem(
    type,
    'internal',
    500,
    'Something broke on our side',
    'Try again; if it happens again, tell us the requestId.',
  );

/** Whatever goes wrong in the gateway, the answer looks like one of ours (RFC 9457). */
export const gatewayProblems: readonly GatewayProblem[] = [
  // What API Gateway calls an unknown path or method, since it takes it for an unsigned request.
  noSuchRoute(ResponseType.MISSING_AUTHENTICATION_TOKEN),
  noSuchRoute(ResponseType.RESOURCE_NOT_FOUND),
  noSuchRoute(ResponseType.DEFAULT_4XX),
  tooMany(ResponseType.THROTTLED, 'Wait a moment, then send fewer requests per second.'),
  tooMany(ResponseType.QUOTA_EXCEEDED, 'The quota of requests is used up.'),
  tooMany(
    ResponseType.WAF_FILTERED,
    'The firewall refused the request: too many from one address, or it looks like an attack.',
  ),
  problem(
    ResponseType.REQUEST_TOO_LARGE,
    'body_too_large',
    413,
    'The body is too large',
    'At most 262144 bytes are read. Files go to /v1/uploads/presign.',
  ),
  problem(
    ResponseType.UNSUPPORTED_MEDIA_TYPE,
    'unsupported_media_type',
    415,
    'The body must be JSON',
    'Send Content-Type: application/json.',
  ),
  problem(
    ResponseType.BAD_REQUEST_BODY,
    'malformed_json',
    400,
    'The body is not valid JSON',
    'The body could not be read.',
  ),
  problem(
    ResponseType.INTEGRATION_TIMEOUT,
    'temporarily_unavailable',
    503,
    'Temporarily unavailable',
    'The answer took too long. Try again shortly.',
  ),
  internal(ResponseType.INTEGRATION_FAILURE),
  internal(ResponseType.DEFAULT_5XX),
];

/** Makes the gateway answer its own problems as `application/problem+json`. */
export function answerProblems(api: RestApi): void {
  for (const { type, code, status, title, detail } of gatewayProblems) {
    api.addGatewayResponse(type.responseType, {
      type,
      statusCode: String(status),
      responseHeaders: {
        'Content-Type': "'application/problem+json'",
        'Cache-Control': "'no-store'",
        'Access-Control-Allow-Origin': "'*'",
        'X-Request-Id': 'context.requestId',
      },
      templates: {
        'application/json': JSON.stringify({
          code,
          title,
          detail,
          status,
          type: `https://docs.cyberneticphysics.com/problems/${code}`,
          requestId: '$context.requestId',
          errors: [],
        }),
      },
    });
  }
}
