import * as z from 'zod';
import { parseJson } from '../platform/json.ts';
import type { LogFile } from './log-bucket.ts';
import type { LogCursor } from './log-cursor.ts';
import type { Stage } from './stages.ts';

interface LogLine {
  readonly stage: Stage;
  readonly attempt: number;
  readonly time: string | null;
  readonly level: string | null;
  readonly event: string | null;
  readonly message: string | null;
  readonly [field: string]: unknown;
}

/** A line, and the place behind it. */
export interface PlacedLine {
  readonly line: LogLine;
  readonly end: LogCursor;
}

const Written = z.record(z.string(), z.unknown());

const newline = 0x0a;

/** As much as is read of one log for one answer. */
export const pieceBytes = 1024 ** 2;

/** What is shown of a line that is longer than a piece. */
const shownBytes = 1000;

/**
 * The whole lines of a piece of a log; what stands behind the last line break is still being
 * written. A piece without any is the inside of a line that is too long to be shown.
 *
 * @param offset where in the log the piece starts, in bytes
 */
export function linesOf(file: LogFile, offset: number, piece: Buffer): PlacedLine[] {
  const { stage, attempt } = file;
  const lines: PlacedLine[] = [];
  let start = 0;
  for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, start)) {
    const text = piece.subarray(start, end).toString();
    start = end + 1;
    if (text.trim() === '') continue;
    lines.push({
      line: { ...fieldsOf(text), stage, attempt },
      end: { stage, attempt, offset: offset + start },
    });
  }
  if (start === 0 && piece.length === pieceBytes) {
    const message = `${piece.subarray(0, shownBytes)}…`;
    const end = { stage, attempt, offset: offset + piece.length };
    return [{ line: { ...fieldsOf(message), stage, attempt }, end }];
  }
  return lines;
}

/** The fields of a line; one that is no JSON object is a message. */
function fieldsOf(text: string) {
  const written = Written.safeParse(parseJson(text)).data ?? { message: text };
  const textOf = (name: string) => {
    const value = written[name];
    return value === undefined || value === null ? null : String(value);
  };
  return {
    ...written,
    time: textOf('time'),
    level: textOf('level'),
    event: textOf('event'),
    message: textOf('message'),
  };
}
