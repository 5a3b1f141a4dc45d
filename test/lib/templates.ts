import { Template } from 'aws-cdk-lib/assertions';
import { stageApp } from '../../lib/stages/stage-app.ts';
import { type StageName, stageNames } from '../../lib/stages/stage-by-name.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface Resource {
  readonly stack: string;
  readonly id: string;
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: properties are whatever CloudFormation has.
  readonly Properties: any;
  readonly DeletionPolicy?: string;
}

/** One stage, synthesised once per test file. */
export interface SynthesisedStage {
  readonly stage: StageName;
  readonly folder: string;
  /** What the CDK CLI would have to ask the account before it could deploy. */
  readonly lookups: readonly unknown[];
  readonly stacks: ReturnType<typeof stageApp>['stacks'];
  readonly templates: Readonly<Record<string, Template>>;
  /** Resources of all stacks, of one type. */
  ofType(type: string): Resource[];
}

export function synthesise(stage: StageName): SynthesisedStage {
  const { app, stacks } = stageApp(stage, temporaryFolder());
  const assembly = app.synth();
  const templates = Object.fromEntries(
    Object.values(stacks).map((stack) => [stack.node.id, Template.fromStack(stack)]),
  );
  const resources = Object.entries(templates).flatMap(([stack, template]) =>
    Object.entries<Omit<Resource, 'stack' | 'id'>>(template.toJSON().Resources).map(
      ([id, resource]): Resource => ({ ...resource, stack, id }),
    ),
  );
  return {
    stage,
    folder: assembly.directory,
    lookups: assembly.manifest.missing ?? [],
    stacks,
    templates,
    ofType: (type) => resources.filter((resource) => resource.Type === type),
  };
}

export const stages: readonly SynthesisedStage[] = stageNames.map(synthesise);

/** Allowed statements of every policy that roles have. */
export function statements({ ofType }: SynthesisedStage) {
  const policies = [
    ...ofType('AWS::IAM::Policy').map(({ id, Properties }) => [id, Properties.PolicyDocument]),
    ...ofType('AWS::IAM::Role').flatMap(({ id, Properties }) =>
      (Properties.Policies ?? []).map((policy: { PolicyDocument: unknown }) => [
        id,
        policy.PolicyDocument,
      ]),
    ),
  ];
  return policies.flatMap(([id, document]) =>
    document.Statement.filter((statement: { Effect: string }) => statement.Effect === 'Allow').map(
      (statement: { Action: string | string[]; Resource: unknown }) => ({
        policy: id as string,
        actions: [statement.Action].flat(),
        resources: [statement.Resource].flat(),
      }),
    ),
  ) as { policy: string; actions: string[]; resources: unknown[] }[];
}
