import * as z from 'zod';
import { route } from '../platform/route.ts';

const GpuView = z.object({
  class: z.string().describe('Our name of the GPU.'),
  aliases: z.array(z.string()).describe('Other names that lead to this class, in any case.'),
  vramGb: z.number(),
  instanceType: z.string().describe('The EC2 instance behind it.'),
  pricePerHourUsd: z.number(),
  runs: z.array(z.enum(['jobs', 'sessions'])),
  default: z.boolean().describe('Taken where a request names none.'),
});

export const listGpus = route({
  id: 'listGpus',
  method: 'GET',
  path: '/v1/gpus',
  tag: 'GPUs',
  summary: 'The GPUs on offer and what an hour costs, the cheapest first',
  access: 'authenticated',
  success: {
    status: 200,
    schema: z.object({
      items: z.array(GpuView),
      region: z.string(),
      pricesAsOf: z.iso.date(),
    }),
  },
  problems: [],
});

export const routes = [listGpus];
