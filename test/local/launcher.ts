import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../local/ports.ts';
import { root } from '../../local/root.ts';
import { processesWith } from '../end-to-end/processes.ts';
import { until } from '../end-to-end/waiting.ts';

/** `npm start` with a data folder and a port of its own, as a process. */
export async function launcherIn(folder: string) {
  const port = await freePort(0);
  const dataDir = join(folder, 'data');
  const credentialsFile = join(folder, 'credentials.json');
  return {
    port,
    dataDir,
    credentialsFile,
    url: `http://127.0.0.1:${port}`,
    start: (args: string[] = [], environment: NodeJS.ProcessEnv = {}) =>
      launch(
        ['--port', `${port}`, '--data-dir', dataDir, '--credentials', credentialsFile, ...args],
        environment,
      ),
    /** Everything that it has started, wherever it hangs in the tree. */
    processes: () => processesWith(dataDir),
  };
}

export function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), 'launcher-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

function launch(args: string[], environment: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['scripts/with-node-24.mjs', 'local/start.ts', ...args], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text;
    });
  }
  const ended = endOf(child);
  return {
    child,
    ended,
    output: () => output,
    /** @throws Error with what it said where it ends before */
    async up() {
      const over = ended.then((status) => ({ status }));
      await Promise.race([
        until(async () => output.includes('\nUp after') || output.startsWith('Up after')),
        over,
      ]);
      if (!output.includes('Up after')) throw new Error(`It ended:\n${output}`);
    },
  };
}

const endOf = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    child.on('close', (status) => resolve(status));
  });
