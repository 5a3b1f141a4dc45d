/**
 * Python environments, one per capability, made from hashed locks when first needed, and once.
 *
 * `node local/python-environment.ts <name> [--with-tests]` makes one from the command line; the emulator calls
 * that before the first job of an image, in the place of pulling it.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { giveUp, Obstacle } from './obstacle.ts';
import { startOnLeash } from './processes.ts';
import { findPython } from './python.ts';
import { root } from './root.ts';
import { hasStamp, stampedFolder } from './stamped-folder.ts';
import { installedUv } from './uv.ts';

/** The folder that holds each environment's locks. */
const lockFolders = {
  emulator: 'local/emulator',
  reconstruction: 'containers/reconstruction',
  tools: 'local/tools',
} as const;

export type EnvironmentName = keyof typeof lockFolders;

/** Told in one line what is being done, now and then. */
export type Tell = (line: string) => void;

export interface EnvironmentOptions {
  /** Also what its tests need; that is another environment, so that none changes under a job. */
  readonly withTests?: boolean;
}

/** The folder of programs that the environment has, or will have. */
export function programsOf(name: EnvironmentName, options: EnvironmentOptions = {}): string {
  return join(folderOf(name, options), 'bin');
}

/**
 * Makes the environment where it is not there yet, or where its lock or the Python has changed
 * since. The packages come over the network, or from uv's cache.
 *
 * @returns the environment's folder of programs
 * @throws Obstacle
 */
export async function pythonEnvironment(
  name: EnvironmentName,
  tell: Tell,
  options: EnvironmentOptions = {},
): Promise<string> {
  const folder = folderOf(name, options);
  const lock = lockOf(name, options);
  const stamp = await stampOf(lock);
  // The link to Python dangles where the system's own has gone.
  if (!existsSync(join(folder, 'bin', 'python')) || !(await hasStamp(folder, stamp))) {
    tell(`Installing the Python packages of ${name}; this happens once.`);
    await stampedFolder(folder, stamp, (building) => install(name, lock, building, tell));
  }
  return join(folder, 'bin');
}

async function install(name: EnvironmentName, lock: string, folder: string, tell: Tell) {
  const uv = await installedUv(root, tell);
  const run = async (...args: string[]) => {
    const onLine = (line: string) => isNews(line) && tell(`  ${line}`);
    if ((await startOnLeash([uv.path, ...args], { env: uv.env, onLine }).ended) === 0) return;
    throw new Obstacle(
      `The Python packages of ${name} could not be installed; the reason stands above.\n` +
        'The first start needs the network. Then run this again.',
    );
  };
  await run('venv', '--quiet', '--relocatable', '--python', findPython().path, folder);
  const target = ['--python', join(folder, 'bin', 'python')];
  const flags = ['--require-hashes', '--compile-bytecode', '--no-python-downloads'];
  await run('pip', 'install', ...flags, ...target, '-r', lock);
}

/** uv lists every package at the end, and where it installs at the beginning. */
const isNews = (line: string) => !/^( \+ |Using Python|\s*$)/.test(line);

const folderOf = (name: EnvironmentName, { withTests = false }: EnvironmentOptions) =>
  join(root, '.local', 'python', withTests ? `${name}-test` : name);

const lockOf = (name: EnvironmentName, { withTests = false }: EnvironmentOptions) =>
  join(root, lockFolders[name], withTests ? 'requirements-test.lock' : 'requirements.lock');

const stampOf = async (lock: string) =>
  createHash('sha256')
    .update(findPython().version)
    .update(await readFile(lock))
    .digest('hex');

if (import.meta.main) {
  const [name, flag] = process.argv.slice(2) as [EnvironmentName, string?];
  const known = Object.keys(lockFolders);
  const made = known.includes(name)
    ? pythonEnvironment(name, console.log, { withTests: flag === '--with-tests' })
    : Promise.reject(new Obstacle(`There is no environment ${name}, only ${known.join(', ')}.`));
  await made.catch(giveUp);
}
