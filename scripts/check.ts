/**
 * `npm run check`: types, format and lint of both languages, and whether generated pages are fresh.
 * `npm run check -- --fix` mends what can be mended by itself.
 */
import { spawnSync } from 'node:child_process';
import { pythonEnvironment } from '../local/python-environment.ts';

const fix = process.argv.includes('--fix');

const steps: [name: string, command: string, args: string[]][] = [
  ['types', 'node_modules/.bin/tsc', ['-p', '.']],
  [
    'lint',
    'node_modules/.bin/biome',
    ['check', '--error-on-warnings', ...(fix ? ['--write'] : [])],
  ],
  [
    'python',
    `${await pythonEnvironment('tools', console.log)}/ruff`,
    ['check', ...(fix ? ['--fix'] : []), 'containers', 'local', 'examples'],
  ],
  ['docs', process.execPath, ['docs/generate.ts', ...(fix ? [] : ['--check'])]],
];

const failed = steps.filter(([name, command, args]) => {
  const startedAt = performance.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  return status !== 0;
});
process.exitCode = failed.length > 0 ? 1 : 0;
