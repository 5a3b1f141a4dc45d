import { execFileSync } from 'node:child_process';

export interface Process {
  readonly pid: number;
  /** Its command line, and the environment that it was started with. */
  readonly text: string;
}

/** Processes whose command line or environment says so; `ps` shows both, of this user's own. */
export function processesWith(text: string): Process[] {
  const listing = execFileSync('ps', ['axeww', '-o', 'pid=,command='], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return listing.split('\n').flatMap((line) => {
    const [, pid, rest = ''] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
    return rest.includes(text) && Number(pid) !== process.pid
      ? [{ pid: Number(pid), text: rest }]
      : [];
  });
}

/** What runs for a job, below Batch: its supervisor, the runtime, the stage and its workers. */
export const processesOfJob = (jobId: string): Process[] =>
  processesWith(`/jobs/${jobId}/spec.json`);

export const runsStage = (jobId: string, stage: string): boolean =>
  processesOfJob(jobId).some(({ text }) => text.includes(`JOB_STAGE=${stage}`));

export function kill(processes: readonly Process[]): void {
  if (processes.length === 0) throw new Error('There is nothing to kill.');
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // One that was killed before may have taken this one along.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
