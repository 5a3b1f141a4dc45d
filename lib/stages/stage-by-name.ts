import type { Node } from 'constructs';
import * as z from 'zod';
import { StageConfig } from '../stage-config.ts';
import { aws } from './aws.ts';
import { laptop } from './laptop.ts';

const stages = { laptop, aws };
export type StageName = keyof typeof stages;
export const stageNames: readonly StageName[] = ['laptop', 'aws'];

const Context = z.object({
  stage: z.enum(stageNames).default('aws'),
  account: z.string().optional(),
  region: z.string().optional(),
  frontDoorUrl: z
    .url()
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
});

/**
 * The stage that `cdk … -c stage=<name>` asks for, at the place that the other context values say.
 *
 * @throws Error that names the context value which is wrong
 */
export function stageConfig(node: Node): StageConfig {
  const asked = Object.fromEntries(
    Object.keys(Context.shape).map((key) => [key, node.tryGetContext(key)]),
  );
  const context = Context.safeParse(asked);
  if (!context.success) throw new Error(`The stage can't be made. ${complaints(context.error)}`);
  const { stage, ...place } = context.data;
  const config = StageConfig.safeParse(stages[stage](definedOf(place)));
  if (!config.success) throw new Error(`The stage ${stage} is wrong. ${complaints(config.error)}`);
  return config.data;
}

/** `exactOptionalPropertyTypes`: what was not said must be absent, so that defaults apply. */
function definedOf<Value extends object>(value: Value) {
  const entries = Object.entries(value).filter(([, content]) => content !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Value]?: NonNullable<Value[Key]> };
}

const complaints = (error: z.ZodError) =>
  error.issues.map((issue) => `-c ${issue.path.join('.')}: ${issue.message}.`).join(' ');
