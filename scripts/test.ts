/**
 * `npm test`: every test of the project, and one line at the end that counts them.
 * `npm test -- uploads` runs those whose path says so.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { giveUp } from '../local/obstacle.ts';
import { type EnvironmentName, pythonEnvironment } from '../local/python-environment.ts';
import { root } from '../local/root.ts';

interface Count {
  passed: number;
  failed: number;
}

/** Folders of Python tests, and the environment that has what they need. */
const pythonTests: readonly [folder: string, environment: EnvironmentName, sources: string[]][] = [
  ['containers/job-runtime/tests', 'reconstruction', ['containers/job-runtime']],
  [
    'containers/reconstruction/tests',
    'reconstruction',
    ['containers/reconstruction', 'containers/job-runtime'],
  ],
  ['examples/tabletop/tests', 'reconstruction', ['containers/reconstruction']],
  ['local/emulator/tests', 'emulator', ['local/emulator']],
];

const reports = join(root, '.local', 'test-reports');

async function main(filters: string[]): Promise<void> {
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const tell = (line: string) => console.log(line);
  for (const name of ['emulator', 'reconstruction'] as const) {
    await pythonEnvironment(name, tell, { withTests: true });
  }
  await pythonEnvironment('tools', tell);

  const counts = [typescript(filters)];
  for (const [folder, environment, sources] of pythonTests) {
    if (!isWanted(folder, filters)) continue;
    const programs = await pythonEnvironment(environment, tell, { withTests: true });
    counts.push(python(folder, programs, sources));
  }
  const passed = sum(counts.map((count) => count.passed));
  const failed = sum(counts.map((count) => count.failed));
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

const isWanted = (folder: string, filters: string[]) =>
  filters.length === 0 || filters.some((filter) => folder.includes(filter));

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

function typescript(filters: string[]): Count {
  const report = join(reports, 'vitest.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const status = run(join(root, 'node_modules/.bin/vitest'), [
    ...['run', '--passWithNoTests', ...reporters],
    ...filters,
  ]);
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
  return { passed: numPassedTests, failed: atLeastOneIf(status !== 0, numFailedTests) };
}

function python(folder: string, programs: string, sources: string[]): Count {
  console.log(`\n${folder}`);
  const report = join(reports, `${folder.replaceAll('/', '-')}.xml`);
  const status = run(
    join(programs, 'python'),
    ['-m', 'pytest', '-q', folder, `--junitxml=${report}`],
    {
      PATH: [programs, process.env.PATH].join(delimiter),
      PYTHONPATH: sources.map((source) => join(root, source)).join(delimiter),
      NUMBA_CACHE_DIR: join(root, '.local', 'numba'),
    },
  );
  const suite = existsSync(report) ? readFileSync(report, 'utf8') : '';
  const attribute = (name: string) =>
    Number(suite.match(`<testsuite [^>]*${name}="(\\d+)"`)?.[1] ?? 0);
  const broken = attribute('failures') + attribute('errors');
  return {
    passed: attribute('tests') - broken - attribute('skipped'),
    failed: atLeastOneIf(status !== 0, broken),
  };
}

/** A runner that fails without a failed test has broken down; that counts as one. */
const atLeastOneIf = (hasFailed: boolean, failed: number) =>
  hasFailed ? Math.max(1, failed) : failed;

function run(command: string, args: string[], environment: Record<string, string> = {}): number {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  return status ?? 1;
}

await main(process.argv.slice(2)).catch(giveUp);
