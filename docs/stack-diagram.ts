import type { Stack, Stage } from 'aws-cdk-lib/core';

/** A Mermaid graph of stacks; an arrow points to what a stack needs. */
export function stackDiagram(stage: Stage): string {
  const stacks = stage.node.children.filter((child): child is Stack => 'stackName' in child);
  const arrows = stacks.flatMap((stack) =>
    stack.dependencies.map((needed) => `  ${stack.node.id} --> ${needed.node.id}`),
  );
  return ['graph LR', ...stacks.map((stack) => `  ${stack.node.id}`), ...arrows].join('\n');
}
