/**
 * A lifecycle is a table: each verb says from which states it may go, and where to. The store makes
 * the condition of a write from it, the documentation its diagram, the property tests their walks.
 */
export interface Transition<State extends string> {
  readonly from: readonly State[];
  readonly to: State;
}

export type Transitions<State extends string> = Readonly<Record<string, Transition<State>>>;

/** States that no verb leaves. */
export function terminalStates<State extends string>(
  states: readonly State[],
  transitions: Transitions<State>,
): State[] {
  const left = new Set(Object.values(transitions).flatMap((transition) => transition.from));
  return states.filter((state) => !left.has(state));
}

/** A Mermaid state diagram of the table. */
export function stateDiagram<State extends string>(
  initial: State,
  states: readonly State[],
  transitions: Transitions<State>,
): string {
  const arrows = Object.entries(transitions).flatMap(([verb, { from, to }]) =>
    from.map((state) => `  ${state} --> ${to}: ${verb}`),
  );
  const ends = terminalStates(states, transitions).map((state) => `  ${state} --> [*]`);
  return ['stateDiagram-v2', `  [*] --> ${initial}`, ...arrows, ...ends].join('\n');
}
