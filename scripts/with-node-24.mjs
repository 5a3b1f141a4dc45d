/**
 * `node scripts/with-node-24.mjs program.ts [arguments]`: runs a TypeScript program of the project
 * under the Node that npm has installed beside its packages, so that any Node 20 or newer can start
 * it. Plain JavaScript, because this much has to run before.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const major = Number(process.versions.node.split('.')[0]);

function say(...lines) {
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exit(1);
}

function node24() {
  const installed = join(root, 'node_modules', 'node', 'bin', 'node');
  if (existsSync(installed)) return installed;
  if (!existsSync(join(root, 'node_modules'))) {
    say('The packages of this project are not installed. Run: npm ci');
  }
  if (major >= 24) return process.execPath;
  return say(
    `This needs Node 24; you have ${process.versions.node}, and the copy that npm installs is not there.`,
    'npm makes it in an install script. Run: npm ci --ignore-scripts=false',
  );
}

const [program, ...rest] = process.argv.slice(2);
if (!program) say('Usage: node scripts/with-node-24.mjs program.ts [arguments]');

const node = node24();
const path = [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH];
const child = spawn(node, ['--disable-warning=ExperimentalWarning', program, ...rest], {
  cwd: root,
  // The channel tells the program when this one is gone, also where it was killed.
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  env: { ...process.env, PATH: path.filter(Boolean).join(delimiter) },
});

// npm runs this below a shell, which dies of a signal without passing it on.
const parent = process.ppid;
if (process.env.npm_lifecycle_event) {
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 1000).unref();
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => say(`${node} can't be started: ${error.message}`));
child.on('exit', (code, signal) => {
  if (signal) process.kill(process.pid, signal === 'SIGKILL' ? 'SIGKILL' : 'SIGTERM');
  process.exitCode = code ?? 1;
});
