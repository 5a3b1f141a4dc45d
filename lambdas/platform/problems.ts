/**
 * Every way a request can go wrong, by its one name: the `code` of the HTTP body (RFC 9457).
 *
 * A `Problem` is expected: it is logged as information and shown to the caller. Any other error is a
 * defect of ours: `internal`, status 500, no details.
 */

interface ProblemSpec {
  /** HTTP status. */
  readonly status: number;
  /** One sentence that holds for every occurrence. */
  readonly title: string;
  /** Whether the same request can succeed later, unchanged. */
  readonly retryable?: true;
}

export const problems = {
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  unauthenticated: { status: 401, title: 'No valid credentials' },
  insufficient_scope: { status: 403, title: 'The credentials lack a scope' },
  workspace_forbidden: { status: 403, title: 'No membership in that workspace' },
  api_key_forbidden: { status: 403, title: 'A key may not revoke that key' },
  not_found: { status: 404, title: 'No such resource' },
  route_not_found: { status: 404, title: 'No such route' },
  method_not_allowed: { status: 405, title: 'The route has no such method' },
  job_already_ended: { status: 409, title: 'The job has already ended' },
  api_key_already_created: { status: 409, title: 'This request has already created a key' },
  upload_incomplete: { status: 409, title: 'Files of the upload are missing' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  validation_failed: { status: 422, title: 'The request does not fit the schema' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key belongs to another request' },
  too_few_photos: { status: 422, title: 'Too few photos' },
  input_not_owned: { status: 422, title: 'The input is not an upload of this workspace' },
  no_gpu_offer: { status: 422, title: 'No GPU fits the guardrails' },
  page_too_deep: { status: 422, title: 'The page lies too deep; use the cursor' },
  cursor_invalid: { status: 422, title: 'The cursor is not one of ours' },
  too_many_requests: { status: 429, title: 'Too many requests', retryable: true },
  internal: { status: 500, title: 'Something broke on our side', retryable: true },
  temporarily_unavailable: { status: 503, title: 'Temporarily unavailable', retryable: true },
} as const satisfies Record<string, ProblemSpec>;

export type ProblemCode = keyof typeof problems;

/** One thing that is wrong in the request: where, what, and how to mend it. */
export interface Fault {
  /** JSON pointer (RFC 6901) into the body, or `query/name`, `path/name`, `header/name`. */
  readonly pointer: string;
  readonly detail: string;
  readonly fix: string;
}

export interface ProblemDetails {
  readonly detail?: string;
  readonly errors?: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

export class Problem extends Error {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors: readonly Fault[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, details: ProblemDetails = {}) {
    super(details.detail ?? problems[code].title, { cause: details.cause });
    this.name = code;
    this.code = code;
    this.detail = details.detail ?? problems[code].title;
    this.errors = details.errors ?? [];
    this.headers = details.headers ?? {};
  }

  get status(): number {
    return problems[this.code].status;
  }

  get retryable(): boolean {
    const spec: ProblemSpec = problems[this.code];
    return spec.retryable ?? false;
  }
}

/** RFC 9457 body. `code`, `title` and `detail` come first: some clients show 300 characters. */
export function problemBody(problem: Problem, requestId: string) {
  return {
    code: problem.code,
    title: problems[problem.code].title,
    detail: problem.detail,
    status: problem.status,
    type: `https://docs.cyberneticphysics.com/problems/${problem.code}`,
    requestId,
    errors: problem.errors,
  };
}
