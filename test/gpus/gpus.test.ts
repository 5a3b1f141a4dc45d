import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  catalogue,
  defaultClass,
  marginOverSpot,
  userPrice,
} from '../../lambdas/gpus/catalogue.ts';
import { chooseGpu } from '../../lambdas/gpus/choose-gpu.ts';
import { classNamed } from '../../lambdas/gpus/gpu-name.ts';
import { fromUsd, toUsd } from '../../lambdas/platform/money.ts';
import { Problem } from '../../lambdas/platform/problems.ts';
import { type Platform, startPlatform } from '../reconstruction/platform.ts';

const choose = (minVramGb: number, maxPriceUsd: number) =>
  chooseGpu({ minVramGb, maxPricePerHour: fromUsd(maxPriceUsd) });

const refusal = (minVramGb: number, maxPriceUsd: number): Problem => {
  try {
    choose(minVramGb, maxPriceUsd);
  } catch (error) {
    if (error instanceof Problem) return error;
  }
  throw new Error('a GPU was chosen');
};

describe('the catalogue', () => {
  it('sells an hour of the default class for exactly 0.85', () => {
    expect(toUsd(defaultClass.pricePerHour)).toBe(0.85);
  });

  it('derives every price from what AWS takes and the one margin, in whole cents', () => {
    expect(marginOverSpot).toBeGreaterThan(0);
    for (const { pricePerHour, awsPricePerHour } of catalogue) {
      expect(pricePerHour).toBe(userPrice(awsPricePerHour.spot));
      expect(pricePerHour % 10_000).toBe(0);
      expect(pricePerHour).toBeGreaterThan(awsPricePerHour.spot);
    }
  });

  it('lists the cheapest first, as the choice relies on', () => {
    const prices = catalogue.map((gpu) => gpu.pricePerHour);
    expect(prices).toEqual(prices.toSorted((one, other) => one - other));
  });

  it.each([
    ['RTX_4090', 'L4'],
    ['rtx 4090', 'L4'],
    ['rtx-a6000', 'L40S'],
    ['l40s', 'L40S'],
    ['A10G', 'A10G'],
    ['T4', 'L4'],
  ])('%s stands for %s', (requested, name) => {
    expect(classNamed(requested)?.name).toBe(name);
  });

  it('knows no class for a name that no GPU has', () => {
    expect(classNamed('Voodoo2')).toBeUndefined();
  });
});

describe('choosing a GPU for a job', () => {
  it('takes the cheapest with enough memory', () => {
    expect(choose(24, 2).name).toBe('L4');
    expect(choose(0, 100).name).toBe('L4');
  });

  it('takes a price that is just met', () => {
    expect(choose(24, 0.85).name).toBe('L4');
  });

  it('refuses a price that nothing meets, naming the offers and the least price', () => {
    const { code, detail, errors } = refusal(24, 0.84);
    expect(code).toBe('no_gpu_offer');
    expect(detail).toContain('L4 24 GB $0.85/h; A10G 24 GB $1.05/h');
    expect(errors).toEqual([
      {
        pointer: '/costGuardrails/maxHourlyPrice',
        detail: 'No such GPU costs $0.84/h or less',
        fix: 'Send at least 0.85.',
      },
    ]);
  });

  it('refuses memory that nothing has, and says how much there is', () => {
    const { errors } = refusal(80, 100);
    expect(errors).toEqual([
      {
        pointer: '/costGuardrails/gpuMinVram',
        detail: 'No GPU for jobs has 80 GB',
        fix: 'Send at most 24.',
      },
    ]);
  });

  it('names both guardrails where both have to change', () => {
    expect(refusal(80, 0.1).errors.map((fault) => fault.pointer)).toEqual([
      '/costGuardrails/gpuMinVram',
      '/costGuardrails/maxHourlyPrice',
    ]);
  });
});

describe('GET /v1/gpus', () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await startPlatform();
  });
  afterAll(() => platform.stop());

  it('lists the offers to whoever has credentials, whatever their scopes', async () => {
    const key = await platform.keyWith(await platform.person('natalia'), 'isaac:read');
    const { status, body } = await platform.call('GET', '/v1/gpus', { headers: key });
    expect(status).toBe(200);
    expect(body.pricesAsOf).toMatch(/^20\d\d-\d\d-\d\d$/);
    expect(body.items[0]).toMatchObject({
      class: 'L4',
      vramGb: 24,
      instanceType: 'g6.2xlarge',
      pricePerHourUsd: 0.85,
      default: true,
    });
    expect(body.items[0].aliases).toContain('RTX_4090');
  });

  it('does not tell what an hour costs us', async () => {
    const headers = await platform.person('natalia');
    const { body } = await platform.call('GET', '/v1/gpus', { headers });
    expect(JSON.stringify(body)).not.toMatch(/spot|onDemand|margin/i);
  });

  it('refuses callers without credentials', async () => {
    const { status, body } = await platform.call('GET', '/v1/gpus');
    expect([status, body.code]).toEqual([401, 'unauthenticated']);
  });
});
