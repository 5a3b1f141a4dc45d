import { GetExecutionHistoryCommand, type SFNClient } from '@aws-sdk/client-sfn';

interface State {
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: { readonly Next: string }[];
  readonly Catch?: { readonly Next: string }[];
}

/** Every step from state to state that a definition knows, as `From -> To`. */
export function stepsOf(machine: { StartAt: string; States: Record<string, State> }): Set<string> {
  const steps = Object.entries(machine.States).flatMap(([name, state]) =>
    [
      state.Next,
      state.Default,
      ...[...(state.Choices ?? []), ...(state.Catch ?? [])].map((rule) => rule.Next),
    ].flatMap((next) => (next ? [`${name} -> ${next}`] : [])),
  );
  return new Set([`start -> ${machine.StartAt}`, ...steps]);
}

/** The steps that an execution took, in the same words. */
export async function stepsTaken(client: SFNClient, executionArn: string): Promise<string[]> {
  const { events = [] } = await client.send(
    new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
  );
  const names = events.flatMap((event) => event.stateEnteredEventDetails?.name ?? []);
  return names.map((name, at) => `${names[at - 1] ?? 'start'} -> ${name}`);
}
