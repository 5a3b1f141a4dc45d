import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, symlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../local/ports.ts';
import { pythonEnvironment } from '../../local/python-environment.ts';
import { root } from '../../local/root.ts';
import type { Benchmark } from './benchmark.ts';
import { withScratchFolder } from './scratch.ts';
import { mediansInTurns } from './turns.ts';

const repetitions = 3;
const patienceSeconds = 300;

export const start: Benchmark = {
  name: 'start',
  about: 'npm start to the first 200 of GET /health, anew and again',
  async measure() {
    await pythonEnvironment('emulator', console.error);
    // The same for all: the platform's own address is part of what it deploys.
    const port = await freePort(0);
    let clone = '';
    const medians = await withScratchFolder((scratch) => {
      let count = 0;
      return mediansInTurns(repetitions, {
        async cold() {
          count += 1;
          clone = join(scratch, String(count));
          await installedClone(clone);
          return secondsToHealth(clone, port);
        },
        warm: () => secondsToHealth(clone, port),
      });
    });
    return [
      { subject: 'npm start cold', unit: 's', ours: medians.cold, target: { ratio: 0, plus: 60 } },
      { subject: 'npm start warm', unit: 's', ours: medians.warm, target: { ratio: 0, plus: 10 } },
    ];
  },
};

/** The project as it is after its installation: packages are there, and nothing has ever run. */
async function installedClone(clone: string): Promise<void> {
  const notCloned = ['.git', '.local', 'cdk.out', 'node_modules'];
  await cp(root, clone, {
    recursive: true,
    filter: (path) => !notCloned.includes(relative(root, path)),
  });
  await mkdir(join(clone, '.local'));
  for (const installed of ['node_modules', '.local/python']) {
    await symlink(join(root, installed), join(clone, installed));
  }
}

/** @throws Error where the platform ends, or does not answer in time */
async function secondsToHealth(clone: string, port: number): Promise<number> {
  const startedAt = performance.now();
  const npm = spawn('npm', ['start', '--', '--port', String(port)], {
    cwd: clone,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await healthy(`http://127.0.0.1:${port}/health`, npm);
    return (performance.now() - startedAt) / 1000;
  } finally {
    await stopped(npm);
  }
}

async function healthy(url: string, npm: ChildProcess): Promise<void> {
  let last = 'nothing';
  for (const deadline = Date.now() + patienceSeconds * 1000; Date.now() < deadline; ) {
    if (npm.exitCode !== null) throw new Error(`npm start has ended with ${npm.exitCode}.`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    if (answer) last = `${answer.status} ${await answer.text()}`;
    await sleep(50);
  }
  throw new Error(`No 200 of ${url} within ${patienceSeconds} s; its last answer was ${last}.`);
}

/** As Ctrl-C in a terminal does it: the signal reaches npm and all that it has started. */
async function stopped(npm: ChildProcess): Promise<void> {
  if (npm.pid === undefined || npm.exitCode !== null || npm.signalCode !== null) return;
  const ended = once(npm, 'exit');
  process.kill(-npm.pid, 'SIGINT');
  await ended;
}
