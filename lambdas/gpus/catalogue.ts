import { fromUsd, type MicroUsd, microUsd } from '../platform/money.ts';

/** What AWS takes for an hour of one instance. */
interface AwsPrice {
  readonly onDemand: MicroUsd;
  readonly spot: MicroUsd;
}

/** One kind of GPU, on the smallest instance that carries its work: 8 vCPUs, 32 GiB or more. */
export interface GpuClass {
  readonly name: 'L4' | 'A10G' | 'L40S';
  readonly vramGb: number;
  readonly instanceType: string;
  readonly awsPricePerHour: AwsPrice;
  /** What an hour costs the user. */
  readonly pricePerHour: MicroUsd;
  /** What may run on it. Jobs need a Batch queue for the class. */
  readonly runs: readonly ('jobs' | 'sessions')[];
}

/**
 * Where the AWS prices are from. On demand: the price list of that day. Spot moves by the hour and
 * lies 30 to 70 % below; half is what we plan with. Update both together.
 */
export const priceList = { region: 'us-east-1', asOf: '2026-08-17', spotShareOfOnDemand: 0.5 };

/**
 * What is added to the spot price. It has to pay for the hours in which there is no spot capacity
 * and the queue falls back on demand, which alone costs more than the user pays.
 */
export const marginOverSpot = 0.74;

const cent = 10_000;

const toWholeCents = (amount: MicroUsd) => microUsd(Math.round(amount / cent) * cent);

/** The user's price: spot and the margin, to the cent. */
export const userPrice = (spot: MicroUsd): MicroUsd =>
  toWholeCents(microUsd(Math.round(spot * (1 + marginOverSpot))));

function gpuClass(
  name: GpuClass['name'],
  vramGb: number,
  instanceType: string,
  onDemandUsd: number,
  runs: GpuClass['runs'],
): GpuClass {
  const onDemand = fromUsd(onDemandUsd);
  const spot = microUsd(Math.round(onDemand * priceList.spotShareOfOnDemand));
  const pricePerHour = userPrice(spot);
  return { name, vramGb, instanceType, awsPricePerHour: { onDemand, spot }, pricePerHour, runs };
}

/** The default class, the one whose hour costs 0.85. */
export const defaultClass = gpuClass('L4', 24, 'g6.2xlarge', 0.9776, ['jobs', 'sessions']);

/** Every class, the cheapest first. */
export const catalogue: readonly GpuClass[] = [
  defaultClass,
  gpuClass('A10G', 24, 'g5.2xlarge', 1.212, ['jobs', 'sessions']),
  gpuClass('L40S', 48, 'g6e.2xlarge', 2.24208, ['sessions']),
];
