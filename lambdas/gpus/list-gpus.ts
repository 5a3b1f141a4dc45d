import { toUsd } from '../platform/money.ts';
import { catalogue, defaultClass, type GpuClass, priceList } from './catalogue.ts';
import { aliasesOf } from './gpu-name.ts';

export async function listGpus() {
  return { items: catalogue.map(toView), region: priceList.region, pricesAsOf: priceList.asOf };
}

/** As callers see it: what it costs us is not among that. */
const toView = (gpu: GpuClass) => ({
  class: gpu.name,
  aliases: aliasesOf(gpu),
  vramGb: gpu.vramGb,
  instanceType: gpu.instanceType,
  pricePerHourUsd: toUsd(gpu.pricePerHour),
  runs: [...gpu.runs],
  default: gpu === defaultClass,
});
