import type { Actor } from '../platform/actor.ts';
import { findJob } from './find-job.ts';
import type { JobStore } from './job-store.ts';
import type { LogBucket, LogFile } from './log-bucket.ts';
import { decodeCursor, encodeCursor, type LogCursor } from './log-cursor.ts';
import { linesOf, type PlacedLine, pieceBytes } from './log-lines.ts';
import type { Stage } from './stages.ts';

interface GetJobLogsDeps {
  readonly jobs: JobStore;
  readonly logs: LogBucket;
}

interface LogQuery {
  readonly stage?: Stage | undefined;
  readonly tail: number;
  readonly after?: string | undefined;
}

/**
 * The last lines of a job's logs or, with a cursor, the lines behind it. Logs only ever grow, so a
 * cursor is a place in bytes: an answer costs the same however long the log is.
 *
 * @throws Problem `not_found`, `cursor_invalid`
 */
export async function getJobLogs(
  { jobs, logs }: GetJobLogsDeps,
  actor: Actor,
  id: string,
  { stage, tail, after }: LogQuery,
) {
  const cursor = after === undefined ? undefined : decodeCursor(after);
  const job = await findJob({ jobs }, actor, id);
  const files = (await logs.files(job)).filter((file) => !stage || file.stage === stage);
  const found = cursor
    ? await linesBehind(logs, files, cursor, tail)
    : await lastLines(logs, files, tail);
  const end = found.at(-1)?.end;
  return {
    jobId: job.jobId,
    lines: found.map(({ line }) => line),
    nextAfter: end ? encodeCursor(end) : (after ?? null),
  };
}

async function linesBehind(
  logs: LogBucket,
  files: readonly LogFile[],
  cursor: LogCursor,
  limit: number,
): Promise<PlacedLine[]> {
  const start = files.findIndex((file) => isIn(cursor, file));
  const found: PlacedLine[] = [];
  for (const file of files.slice(Math.max(0, start))) {
    const offset = isIn(cursor, file) ? cursor.offset : 0;
    found.push(...linesOf(file, offset, await logs.read(file, offset, pieceBytes)));
    if (found.length >= limit) break;
    // The rest of a long log comes before the next one.
    if (file.sizeBytes > offset + pieceBytes) break;
  }
  return found.slice(0, limit);
}

async function lastLines(
  logs: LogBucket,
  files: readonly LogFile[],
  limit: number,
): Promise<PlacedLine[]> {
  let found: PlacedLine[] = [];
  for (const file of files.toReversed()) {
    const offset = Math.max(0, file.sizeBytes - pieceBytes);
    const lines = linesOf(file, offset, await logs.read(file, offset, pieceBytes));
    // What a piece starts with in the middle of a log is the end of some line.
    found = [...(offset > 0 ? lines.slice(1) : lines), ...found];
    if (found.length >= limit) break;
  }
  return found.slice(-limit);
}

const isIn = (cursor: LogCursor, file: LogFile) =>
  cursor.stage === file.stage && cursor.attempt === file.attempt;
