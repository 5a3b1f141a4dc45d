import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findPython } from './python.ts';

const leash = fileURLToPath(new URL('leash.py', import.meta.url));

export interface LeashedOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Each line that the command prints, of either stream; without it both go where ours go. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** A process that ends with this one, however this one ends. */
export interface Leashed {
  readonly pid: number;
  /** Its exit status, or 128 + the signal that ended it. */
  readonly ended: Promise<number>;
  /** SIGTERM; everything left of it is killed when the grace of `leash.py` is over. */
  stop(): Promise<void>;
  /** SIGKILL for it and its process group, now. */
  kill(): void;
}

const running = new Set<Leashed>();

/**
 * Starts a command on a leash (`leash.py`), in a process group of its own, so that a Ctrl-C in the
 * terminal reaches this process alone, and this process ends the others in order.
 */
export function startOnLeash(
  command: readonly string[],
  { env = process.env, cwd, onLine }: LeashedOptions = {},
): Leashed {
  const output = onLine ? 'pipe' : 'inherit';
  const child = spawn(findPython().path, [leash, ...command], {
    detached: true,
    env,
    cwd,
    stdio: ['pipe', output, output],
  });
  // Letting go of a process that has just ended is no error.
  child.stdin?.on('error', () => {});
  if (onLine) {
    readLines(child.stdout, (line) => onLine(line, 'stdout'));
    readLines(child.stderr, (line) => onLine(line, 'stderr'));
  }
  const leashed: Leashed = {
    pid: child.pid ?? 0,
    ended: endOf(child),
    async stop() {
      child.stdin?.end();
      await leashed.ended;
    },
    kill: () => killGroup(child.pid),
  };
  running.add(leashed);
  void leashed.ended.then(() => {
    running.delete(leashed);
    // Whoever killed the leash alone has left the command behind.
    killGroup(child.pid);
  });
  return leashed;
}

/** Kills whatever is still there, for those who don't want to wait. */
export function killEverything(): void {
  for (const leashed of running) leashed.kill();
}

const endOf = (child: ChildProcess) =>
  new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    // `close` comes after the last of the output; `exit` where someone else still holds the pipes.
    child.on('exit', (code, signal) => {
      const status = code ?? 128 + (signal === 'SIGKILL' ? 9 : 15);
      setTimeout(() => resolve(status), 200).unref();
      child.on('close', () => resolve(status));
    });
  });

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is empty: nothing to kill.
  }
}

function readLines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  stream?.on('end', () => rest && onLine(rest));
}
