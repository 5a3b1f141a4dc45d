import { catalogue, type GpuClass } from './catalogue.ts';

/**
 * GPUs that people ask for by name and that AWS does not rent out, with their memory in GB. A name
 * stands for its memory: the cheapest class that has as much takes its place.
 */
const vramGbByName: Readonly<Record<string, number>> = {
  RTX_3090: 24,
  RTX_4080: 16,
  RTX_4090: 24,
  RTX_5080: 16,
  RTX_5090: 32,
  RTX_A5000: 24,
  RTX_A6000: 48,
  RTX_6000_ADA: 48,
  T4: 16,
  V100: 16,
  A10: 24,
  L40: 48,
};

/** `rtx 4090`, `RTX-4090` and `RTX_4090` are one name. */
const canonical = (name: string) =>
  name
    .trim()
    .toUpperCase()
    .replace(/[\s-]+/g, '_');

/** The class that a name stands for; undefined where we know no such GPU or none as large. */
export function classNamed(requested: string): GpuClass | undefined {
  const name = canonical(requested);
  const exact = catalogue.find((gpu) => gpu.name === name);
  if (exact) return exact;
  const vramGb = vramGbByName[name];
  return vramGb === undefined ? undefined : catalogue.find((gpu) => gpu.vramGb >= vramGb);
}

/** Names other than its own that lead to a class. */
export const aliasesOf = (gpu: GpuClass): string[] =>
  Object.keys(vramGbByName).filter((name) => classNamed(name) === gpu);
