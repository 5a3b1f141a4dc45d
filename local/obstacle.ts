/**
 * Something about this machine that stands in the way and that the user can clear. It is shown as a
 * sentence without a stack, and says how.
 */
export class Obstacle extends Error {
  override readonly name = 'Obstacle';
}

/** The last word of a program that failed: a defect keeps its stack. */
export function giveUp(error: unknown): void {
  console.error(error instanceof Obstacle ? `\n${error.message}` : error);
  process.exitCode = 1;
}
