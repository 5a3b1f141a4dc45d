import { spawnSync } from 'node:child_process';
import { Obstacle } from './obstacle.ts';

/** A Python of this machine. */
export interface Python {
  readonly path: string;
  /** As `3.11.7`. */
  readonly version: string;
}

/** The oldest that the code runs on, and the newest that every locked package has a wheel for. */
const oldest = [3, 10];
const newest = [3, 14];

const names = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

let found: Python | undefined;

/**
 * The Python to build environments with: what `PYTHON` names, else the first fitting one on PATH.
 *
 * @throws Obstacle where there is none
 */
export function findPython(): Python {
  found ??= search(process.env.PYTHON ? [process.env.PYTHON] : names);
  return found;
}

function search(candidates: readonly string[]): Python {
  const others: string[] = [];
  for (const name of candidates) {
    const python = interpreter(name);
    if (python && fits(python.version)) return python;
    if (python) others.push(`${python.path} is ${python.version}`);
  }
  throw new Obstacle(
    [
      `This needs Python ${oldest.join('.')} to ${newest.join('.')}. ` +
        (others.length > 0
          ? `There is only another one: ${others.join(', ')}.`
          : `There is no ${candidates[0]} on this machine.`),
      `Install one: ${process.platform === 'darwin' ? 'brew install python@3.13' : 'sudo apt install python3 python3-venv'}`,
      'or say where there is one: PYTHON=/path/to/python3',
    ].join('\n'),
  );
}

function interpreter(name: string): Python | undefined {
  const program = 'import sys; print(sys.executable); print(sys.version.split()[0])';
  const { status, stdout } = spawnSync(name, ['-c', program], { encoding: 'utf8' });
  const [path, version] = (stdout ?? '').trim().split('\n');
  return status === 0 && path && version ? { path, version } : undefined;
}

function fits(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 3 && minor >= (oldest[1] ?? 0) && minor <= (newest[1] ?? 0);
}
