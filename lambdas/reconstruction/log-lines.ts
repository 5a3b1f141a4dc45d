import { z } from 'zod';
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

/**
 * The whole lines of a piece of a log; what stands behind the last line break is still being
 * written.
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
