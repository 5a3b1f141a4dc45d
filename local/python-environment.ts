/**
 * Python environments, one per capability, made from hashed locks when first needed, and once.
 *
 * `node local/python-environment.ts <name>` makes one from the command line; the emulator calls
 * that before the first job of an image, in the place of pulling it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock-file.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const home = join(root, '.local', 'python');

/** The folder that holds each environment's locks. */
const lockFolders = {
  emulator: 'local/emulator',
  reconstruction: 'containers/reconstruction',
  tools: 'local/tools',
} as const;

export type EnvironmentName = keyof typeof lockFolders;

const minimumPython = [3, 10] as const;

/** Something that the person at the keyboard can mend. */
export class SetupProblem extends Error {}

/** Told in one line what is being done, now and then. */
export type Tell = (line: string) => void;

/**
 * Makes the environment unless it is there and fits its lock.
 *
 * @param withTests also what its tests need
 * @returns the environment's folder of programs
 * @throws SetupProblem
 */
export async function pythonEnvironment(
  name: EnvironmentName,
  tell: Tell,
  { withTests = false } = {},
): Promise<string> {
  const folder = join(home, name);
  if (fits(name, folder, withTests)) return join(folder, 'bin');
  mkdirSync(home, { recursive: true });
  return withLock(join(home, `${name}.lock`), async () => {
    if (!fits(name, folder, withTests)) await make(name, folder, withTests, tell);
    return join(folder, 'bin');
  });
}

async function make(name: EnvironmentName, folder: string, withTests: boolean, tell: Tell) {
  const python = systemPython();
  const uv = await installedUv(python, tell);
  const lock = lockFile(name, withTests);
  tell(`Making the Python environment "${name}"; this happens once.`);
  rmSync(folder, { recursive: true, force: true });
  await run([uv, 'venv', '--quiet', '--python', python, folder], tell);
  const target = ['--python', join(folder, 'bin', 'python')];
  await run([uv, 'pip', 'install', ...target, '--require-hashes', '-r', lock], tell);
  // The stamp comes last: an environment without it was interrupted, and is made anew.
  writeFileSync(stampFile(folder), hashOf(lock));
}

const lockFile = (name: EnvironmentName, withTests: boolean) => {
  const testLock = join(root, lockFolders[name], 'requirements-test.lock');
  const lock = join(root, lockFolders[name], 'requirements.lock');
  return withTests && existsSync(testLock) ? testLock : lock;
};

const stampFile = (folder: string) => join(folder, 'made-from.sha256');
const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** What tests need includes what the work needs, so the larger environment fits both. */
function fits(name: EnvironmentName, folder: string, withTests: boolean): boolean {
  if (!existsSync(stampFile(folder))) return false;
  const stamp = readFileSync(stampFile(folder), 'utf8');
  const locks = withTests ? [lockFile(name, true)] : [lockFile(name, true), lockFile(name, false)];
  return locks.some((lock) => hashOf(lock) === stamp);
}

/** @throws SetupProblem where there is no Python, or one that is too old */
export function systemPython(): string {
  const tried = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
  for (const python of tried) {
    const script = 'import sys; print(sys.executable, *sys.version_info[:2])';
    const { status, stdout } = spawnSync(python, ['-c', script], { encoding: 'utf8' });
    const [executable, major, minor] = (stdout ?? '').trim().split(' ');
    const isNewEnough = Number(major) === minimumPython[0] && Number(minor) >= minimumPython[1];
    if (status === 0 && executable && isNewEnough) return executable;
  }
  throw new SetupProblem(
    `Python ${minimumPython.join('.')} or newer is needed and was not found on PATH.\n` +
      '  Debian, Ubuntu: sudo apt-get install python3 python3-venv\n' +
      '  macOS:          brew install python',
  );
}

/** uv installs hundreds of megabytes in seconds; pip brings uv, once, by its hash. */
async function installedUv(python: string, tell: Tell): Promise<string> {
  const folder = join(home, 'uv');
  const lock = join(root, 'local', 'uv.lock');
  const uv = join(folder, 'bin', 'uv');
  if (existsSync(stampFile(folder)) && readFileSync(stampFile(folder), 'utf8') === hashOf(lock)) {
    return uv;
  }
  return withLock(join(home, 'uv.lock'), async () => {
    tell('Installing uv, which installs the rest.');
    const unfinished = `${folder}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    const made = spawnSync(python, ['-m', 'venv', unfinished], { encoding: 'utf8' });
    if (made.status !== 0) {
      throw new SetupProblem(
        `Python can't make virtual environments here: ${lastLine(made.stdout + made.stderr)}\n` +
          '  Debian, Ubuntu: sudo apt-get install python3-venv',
      );
    }
    const pip = [join(unfinished, 'bin', 'python'), '-m', 'pip', 'install', '--quiet'];
    await run([...pip, '--require-hashes', '-r', lock], tell);
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
    writeFileSync(stampFile(folder), hashOf(lock));
    return uv;
  });
}

/** Runs a command; its output is told line by line, and is the reason where it fails. */
function run([command = '', ...args]: string[], tell: Tell): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...indexOfPip() },
    });
    const lines: string[] = [];
    const take = (chunk: Buffer) => {
      for (const line of chunk.toString().split('\n').filter(Boolean)) {
        lines.push(line);
        tell(`  ${line}`);
      }
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) return resolve();
      const reason = lines.slice(-5).join('\n  ') || `exit status ${code}`;
      reject(new SetupProblem(`A Python environment could not be made:\n  ${reason}`));
    });
  });
}

/** uv does not read pip's configuration; behind a mirror that is where its address stands. */
function indexOfPip(): Record<string, string> {
  const index = process.env.PIP_INDEX_URL ?? pipConfig('global.index-url');
  return {
    ...(index && !process.env.UV_DEFAULT_INDEX && { UV_DEFAULT_INDEX: index }),
    UV_SYSTEM_CERTS: '1',
    UV_PYTHON_DOWNLOADS: 'never',
  };
}

function pipConfig(key: string): string | undefined {
  const { status, stdout } = spawnSync('python3', ['-m', 'pip', 'config', 'get', key], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? '';

if (import.meta.main) {
  const name = process.argv[2] as EnvironmentName;
  if (!(name in lockFolders)) throw new Error(`no such environment: ${name}`);
  await pythonEnvironment(name, console.log);
}
