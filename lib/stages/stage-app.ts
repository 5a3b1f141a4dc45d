import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { platformStage } from '../platform-stage.ts';
import { type StageName, stageConfig } from './stage-by-name.ts';

const root = join(import.meta.dirname, '../..');

/**
 * A stage as the CDK CLI would make it, without the CLI: the context is that of cdk.json. cdk-nag
 * fails the synthesis where a resource breaks a rule that nobody has acknowledged with a reason.
 *
 * @param outdir where `app.synth()` writes
 */
export function stageApp(stage: StageName, outdir: string) {
  const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
  const app = new App({
    context: { ...context, stage },
    builtinCloudFormationValidation: false,
    outdir,
  });
  const stacks = platformStage(app, stageConfig(app.node));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stacks };
}
