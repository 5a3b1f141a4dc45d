import { type MicroUsd, toUsd } from '../platform/money.ts';
import { type Fault, Problem } from '../platform/problems.ts';
import { catalogue, type GpuClass } from './catalogue.ts';

/** The limits within which a GPU is chosen. */
export interface GpuGuardrails {
  readonly minVramGb: number;
  /** The most that an hour may cost the user. */
  readonly maxPricePerHour: MicroUsd;
}

/**
 * The cheapest class for jobs within the guardrails.
 *
 * @throws Problem `no_gpu_offer` naming the offers and the guardrail to change
 */
export function chooseGpu(guardrails: GpuGuardrails): GpuClass {
  const offers = catalogue.filter((gpu) => gpu.runs.includes('jobs'));
  const chosen = offers.find((gpu) => isWithin(gpu, guardrails));
  if (!chosen) throw noOffer(offers, guardrails);
  return chosen;
}

const isWithin = (gpu: GpuClass, { minVramGb, maxPricePerHour }: GpuGuardrails) =>
  gpu.vramGb >= minVramGb && gpu.pricePerHour <= maxPricePerHour;

const priceText = (price: MicroUsd) => `$${toUsd(price).toFixed(2)}/h`;

function noOffer(offers: readonly GpuClass[], guardrails: GpuGuardrails): Problem {
  const { minVramGb, maxPricePerHour } = guardrails;
  const largeEnough = offers.find((gpu) => gpu.vramGb >= minVramGb);
  const largestVramGb = Math.max(...offers.map((gpu) => gpu.vramGb));
  const errors: Fault[] = [];
  if (!largeEnough) {
    errors.push({
      pointer: '/costGuardrails/gpuMinVram',
      detail: `No GPU for jobs has ${minVramGb} GB`,
      fix: `Send at most ${largestVramGb}.`,
    });
  }
  const cheapest = largeEnough ?? offers[0];
  if (cheapest && cheapest.pricePerHour > maxPricePerHour) {
    errors.push({
      pointer: '/costGuardrails/maxHourlyPrice',
      detail: `No such GPU costs ${priceText(maxPricePerHour)} or less`,
      fix: `Send at least ${toUsd(cheapest.pricePerHour)}.`,
    });
  }
  const list = offers.map((gpu) => `${gpu.name} ${gpu.vramGb} GB ${priceText(gpu.pricePerHour)}`);
  return new Problem('no_gpu_offer', {
    detail: `${errors.map((fault) => `${fault.detail}. ${fault.fix}`).join(' ')} Offers: ${list.join('; ')}.`,
    errors,
  });
}
