import * as z from 'zod';
import { route } from '../platform/route.ts';

export const getHealth = route({
  id: 'getHealth',
  method: 'GET',
  path: '/health',
  tag: 'Meta',
  summary: 'Whether the API answers',
  access: 'public',
  success: { status: 200, schema: z.object({ status: z.literal('ok') }) },
  problems: [],
});

export const getOpenApi = route({
  id: 'getOpenApi',
  method: 'GET',
  path: '/openapi.json',
  tag: 'Meta',
  summary: 'This API as an OpenAPI 3.1 document',
  access: 'public',
  success: { status: 200, schema: z.record(z.string(), z.unknown()) },
  problems: [],
});

export const routes = [getHealth, getOpenApi];
