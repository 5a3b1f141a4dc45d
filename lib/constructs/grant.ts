import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Validations } from 'aws-cdk-lib/core';

/** What a role may do with what. Actions are never wildcards; a resource is one only for a reason. */
export interface Grant {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Why `*` stands in the resources. */
  readonly wildcardReason?: string;
}

/** Something that a function works with: the variables that name it, and what it may do with it. */
export interface Need {
  readonly environment: Readonly<Record<string, string>>;
  readonly grants: readonly Grant[];
}

/** Adds the grants to a role, and the reasons for their wildcards to what cdk-nag is told. */
export function allow(role: IRole, grants: readonly Grant[]): void {
  for (const { actions, resources, wildcardReason } of grants) {
    const wild = resources.filter((resource) => resource.includes('*'));
    if (wild.length > 0 && !wildcardReason) {
      throw new Error(`${role.node.path} would get ${actions} on ${wild}: give a wildcardReason.`);
    }
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions: [...actions], resources: [...resources] }),
    );
    if (wildcardReason) acknowledgeWildcards(role, wild, wildcardReason);
  }
}

/** Tells cdk-nag why the role's policy holds these wildcards. */
export function acknowledgeWildcards(
  role: IRole,
  resources: readonly string[],
  reason: string,
): void {
  const findings = resources.map((resource) => `AwsSolutions-IAM5[Resource::${resource}]`);
  Validations.of(role).acknowledge(...findings.map((id) => ({ id, reason })));
}
