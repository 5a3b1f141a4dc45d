/**
 * `npm run synth`: the CloudFormation templates of every stage, into `cdk.out/<stage>`. Needs neither
 * credentials nor a network.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { stageApp } from '../lib/stages/stage-app.ts';
import { stageNames } from '../lib/stages/stage-by-name.ts';

for (const stage of stageNames) {
  const startedAt = performance.now();
  const outdir = join('cdk.out', stage);
  rmSync(outdir, { recursive: true, force: true });
  const { stacks } = stageApp(stage, outdir).app.synth();
  const resources = stacks.flatMap(({ template }) => Object.keys(template.Resources));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${outdir}: ${stacks.length} stacks, ${resources.length} resources (${seconds} s)`);
}
