/** The part of Amazon States Language that says what follows what. */
interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly End?: boolean;
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Catch?: readonly { readonly Next: string; readonly ErrorEquals: readonly string[] }[];
}

export interface StateMachineDefinition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** A Mermaid state diagram; caught errors are drawn as labelled arrows. */
export function stateMachineDiagram({ StartAt, States }: StateMachineDefinition): string {
  const lines = ['stateDiagram-v2', `  [*] --> ${StartAt}`];
  for (const [name, state] of Object.entries(States)) {
    const next = [...(state.Choices ?? []).map((choice) => choice.Next), state.Default, state.Next];
    for (const target of new Set(next)) if (target) lines.push(`  ${name} --> ${target}`);
    for (const { Next, ErrorEquals } of state.Catch ?? []) {
      lines.push(`  ${name} --> ${Next}: ${ErrorEquals.join(' or ')}`);
    }
    if (state.End || state.Type === 'Succeed' || state.Type === 'Fail')
      lines.push(`  ${name} --> [*]`);
  }
  return lines.join('\n');
}
