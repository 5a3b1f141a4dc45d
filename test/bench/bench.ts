/**
 * `npm run bench` measures everything beside the bare tools; `npm run bench -- lambda-size` only what
 * is named. Exits with 1 where a target is missed, with 2 where a name is wrong.
 */
import { isMet, type Row } from './benchmark.ts';
import { getJob } from './get-job.ts';
import { lambdaSize } from './lambda-size.ts';
import { reconstruction } from './reconstruction.ts';
import { start } from './start.ts';
import { table } from './table.ts';

const benchmarks = [lambdaSize, getJob, start, reconstruction];

const names = process.argv.slice(2);
const unknown = names.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. There are:`);
  for (const { name, about } of benchmarks) console.error(`  ${name.padEnd(16)} ${about}`);
  process.exit(2);
}

const rows: Row[] = [];
for (const { name, about, measure } of benchmarks) {
  if (names.length > 0 && !names.includes(name)) continue;
  console.error(`${name}: ${about}`);
  rows.push(...(await measure()));
}
console.log(table(rows));
process.exitCode = rows.every(isMet) ? 0 : 1;
