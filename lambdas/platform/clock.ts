/** The time, injected: tests move it, product code never asks `Date` itself. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** RFC 3339 with milliseconds, UTC. */
export const timestamp = (epochMillis: number): string => new Date(epochMillis).toISOString();

/** Whole seconds since the epoch, the unit of DynamoDB's time to live. */
export const epochSeconds = (epochMillis: number): number => Math.floor(epochMillis / 1000);

export const minutes = (count: number): number => count * 60_000;
export const hours = (count: number): number => count * 3_600_000;
export const days = (count: number): number => count * 86_400_000;
