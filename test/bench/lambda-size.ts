import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleFunction } from '../../lib/constructs/function-bundle.ts';
import { bundleBare } from './bare/bundle.ts';
import type { Benchmark, Row } from './benchmark.ts';
import { withScratchFolder } from './scratch.ts';
import { mediansInTurns } from './turns.ts';

const repetitions = 9;
const target = { ratio: 1.5, plus: 0 };
const lambdas = join(import.meta.dirname, '../../lambdas');

export const lambdaSize: Benchmark = {
  name: 'lambda-size',
  about: 'bundle and import of every function, beside a bare DynamoDB client',
  measure: () =>
    withScratchFolder((scratch) =>
      compare(join(bundleBare('dynamodb-client.ts', scratch), 'index.mjs')),
    ),
};

async function compare(bare: string): Promise<Row[]> {
  const bundles = new Map(
    functionEntries().map((entry) => [entry, join(bundleFunction(entry), 'index.mjs')]),
  );
  const imports = await mediansInTurns(
    repetitions,
    Object.fromEntries([bare, ...bundles.values()].map((file) => [file, () => importMillis(file)])),
  );
  const rows = (subject: string, unit: 'KiB' | 'ms', figure: (file: string) => number): Row[] =>
    [...bundles].map(([entry, file]) => ({
      subject: `${entry} ${subject}`,
      unit,
      ours: figure(file),
      bare: figure(bare),
      target,
    }));
  return [
    ...rows('bundle', 'KiB', (file) => statSync(file).size / 1024),
    ...rows('import', 'ms', (file) => imports[file] ?? Number.NaN),
  ];
}

/** Every file below `lambdas/` that a function starts from: `uploads/api.ts`. */
const functionEntries = (): string[] =>
  globSync(join(lambdas, '*/*.ts'))
    .filter((file) =>
      /^export (const|(async )?function) handler\b/m.test(readFileSync(file, 'utf8')),
    )
    .map((file) => relative(lambdas, file))
    .sort();

/** In a process that has imported nothing before. */
function importMillis(file: string): number {
  const program = `
    const startedAt = performance.now();
    await import(${JSON.stringify(pathToFileURL(file).href)});
    process.stdout.write(String(performance.now() - startedAt));
  `;
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    env: { ...process.env, AWS_REGION: 'us-east-1' },
  });
  return Number(said);
}
