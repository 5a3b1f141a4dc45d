import * as z from 'zod';

/**
 * Money is a whole number of micro-dollars (1e-6 USD): exact in a double up to nine billion
 * dollars, and small enough that a second of the cheapest GPU is more than two hundred of them.
 */
export const MicroUsd = z.number().int().brand<'MicroUsd'>();
export type MicroUsd = z.infer<typeof MicroUsd>;

export const microUsd = (amount: number): MicroUsd => MicroUsd.parse(amount);

/** From dollars as people write them; rounds to the nearest micro-dollar. */
export const fromUsd = (usd: number): MicroUsd => microUsd(Math.round(usd * 1e6));

/** Dollars for the wire, at most six decimals. */
export const toUsd = (amount: MicroUsd): number => amount / 1e6;

/**
 * The price of a duration. Always computed from the whole duration and rounded down once, so that
 * a meter that posts differences of it never drifts.
 */
export const priceOf = (ratePerHour: MicroUsd, durationMillis: number): MicroUsd =>
  microUsd(Math.floor((ratePerHour * durationMillis) / 3_600_000));
