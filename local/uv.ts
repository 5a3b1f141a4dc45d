import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Obstacle } from './obstacle.ts';
import { uvVariables } from './pip-configuration.ts';
import { startOnLeash } from './processes.ts';
import { findPython } from './python.ts';
import { stampedFolder } from './stamped-folder.ts';

export interface Uv {
  readonly path: string;
  /** The environment to run it in: packages come from where pip would get them. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The pinned uv, installed by pip into an environment of its own when it is first needed.
 *
 * @param root the project's folder
 * @throws Obstacle where Python can't make environments, or pip can't install
 */
export async function installedUv(root: string, tell: (line: string) => void): Promise<Uv> {
  const python = findPython();
  const lock = join(root, 'local', 'uv-requirements.lock');
  const folder = join(root, '.local', 'python', 'uv');
  const stamp = createHash('sha256')
    .update(python.version)
    .update(await readFile(lock))
    .digest('hex');
  await stampedFolder(folder, stamp, async (building) => {
    tell('  Installing uv, which installs the rest.');
    const made = await startOnLeash([python.path, '-m', 'venv', building], { onLine: () => {} })
      .ended;
    if (made !== 0) throw new Obstacle(cannotMakeEnvironments(python.path, python.version));
    const pip = [join(building, 'bin', 'python'), '-m', 'pip', 'install', '--require-hashes'];
    const flags = ['--quiet', '--disable-pip-version-check', '--no-deps'];
    const installed = await startOnLeash([...pip, ...flags, '-r', lock], { onLine: tell }).ended;
    if (installed !== 0) {
      throw new Obstacle('pip could not install uv; its reason stands above. Then run this again.');
    }
  });
  const pip = spawnSync(join(folder, 'bin', 'python'), ['-m', 'pip', 'config', 'list'], {
    encoding: 'utf8',
  });
  const env = { ...process.env, ...uvVariables(pip.stdout ?? '', process.env) };
  return { path: join(folder, 'bin', 'uv'), env };
}

/** Debian and Ubuntu ship Python without the part that makes environments. */
function cannotMakeEnvironments(path: string, version: string): string {
  const minor = version.split('.').slice(0, 2).join('.');
  return [
    `${path} (${version}) can't make virtual environments: its module venv or ensurepip is missing.`,
    process.platform === 'darwin'
      ? `Run: brew install python@${minor}`
      : `Run: sudo apt install python${minor}-venv (or the same of your system)`,
  ].join('\n');
}
