import { Problem } from '../platform/problems.ts';
import { Stage } from './stages.ts';

/** A place behind a line: which log, and how many bytes into it. */
export interface LogCursor {
  readonly stage: Stage;
  readonly attempt: number;
  readonly offset: number;
}

export const encodeCursor = ({ stage, attempt, offset }: LogCursor) =>
  `${stage}-${attempt}-${offset}`;

/** @throws Problem `cursor_invalid` */
export function decodeCursor(text: string): LogCursor {
  const match = /^(\w+)-(\d{1,4})-(\d{1,15})$/.exec(text);
  const stage = Stage.safeParse(match?.[1]).data;
  if (!stage) {
    throw new Problem('cursor_invalid', {
      detail: 'Send the nextAfter of an earlier answer as `after`, unchanged.',
    });
  }
  return { stage, attempt: Number(match?.[2]), offset: Number(match?.[3]) };
}
