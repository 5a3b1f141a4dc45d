import {
  extendZodWithOpenApi,
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type ResponseConfig,
} from '@asteasolutions/zod-to-openapi';
import * as z from 'zod';
import { problems } from './problems.ts';
import { type AnyRoute, problemsOf } from './route.ts';

extendZodWithOpenApi(z);

const ProblemBody = z
  .object({
    code: z.enum(Object.keys(problems) as [string, ...string[]]),
    title: z.string(),
    detail: z.string(),
    status: z.number().int(),
    type: z.url(),
    requestId: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string(), fix: z.string() })),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details. Match on `code`.' });

/** The OpenAPI 3.1 document of these routes; nothing in it is written by hand. */
export function openApiDocument(routes: readonly AnyRoute[], serverUrl: string) {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key (`cp_live_…`), or a JSON Web Token of the OpenID Connect provider.',
  });
  for (const route of routes) {
    registry.registerPath({
      operationId: route.id,
      method: lower(route.method),
      path: route.path,
      summary: route.summary,
      tags: [route.tag],
      security: route.access === 'public' ? [] : [{ bearer: scopesOf(route) }],
      request: requestOf(route),
      responses: responsesOf(route),
    });
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.1',
    info: {
      title: 'Cybernetic Physics Cloud',
      version: '1',
      description: 'A serverless GPU cloud for robotics.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: serverUrl }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
  });
}

const lower = (method: AnyRoute['method']) => method.toLowerCase() as Lowercase<typeof method>;

const scopesOf = (route: AnyRoute) =>
  route.access === 'public' || route.access === 'authenticated' ? [] : [route.access];

function requestOf(route: AnyRoute) {
  const headers = route.idempotent
    ? z.object({
        'Idempotency-Key': z
          .string()
          .max(255)
          .optional()
          .describe('The same key with the same body answers what the first request answered.'),
      })
    : undefined;
  return {
    ...(route.params && { params: route.params as z.ZodObject }),
    ...(route.query && { query: route.query as z.ZodObject }),
    ...(headers && { headers }),
    ...(route.body && {
      body: { required: true, content: { 'application/json': { schema: route.body } } },
    }),
  };
}

/** One response per status; problems that share one are listed in its description. */
function responsesOf(route: AnyRoute): Record<string, ResponseConfig> {
  const responses: Record<string, ResponseConfig> = {
    [route.success.status]: {
      description: route.summary,
      content: { 'application/json': { schema: route.success.schema } },
    },
  };
  for (const code of problemsOf(route)) {
    const status = problems[code].status;
    const line = `\`${code}\`: ${problems[code].title}.`;
    responses[status] = {
      description: [responses[status]?.description, line].filter(Boolean).join(' '),
      content: { 'application/problem+json': { schema: ProblemBody } },
    };
  }
  return responses;
}
