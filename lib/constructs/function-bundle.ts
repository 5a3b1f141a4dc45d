import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type BuildOptions, buildSync, version } from 'esbuild';

const root = join(import.meta.dirname, '../..');
const cache = join(root, '.local/bundles');

/**
 * How every function is bundled. The SDK is in the bundle: what was tested is what runs. Some of its
 * parts are CommonJS and call `require`, which an ES module has to make for itself. Names stay, so
 * that a stack trace can be read without a source map.
 */
export const bundleOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  banner: {
    js: "import{createRequire as makeRequire}from'node:module';const require=makeRequire(import.meta.url);",
  },
} as const satisfies BuildOptions;

/** Files of ours that went into a bundle, and what they and the installed packages hashed to. */
interface Stamp {
  readonly inputs: readonly string[];
  readonly hash: string;
}

/**
 * Bundles an entry point, unless nothing that went into it has changed since the last time.
 *
 * @param entry below `lambdas/`, such as `uploads/api.ts`
 * @returns a folder with `index.mjs`, named after its content
 */
export function bundleFunction(entry: string): string {
  const name = entry.replaceAll('/', '-').replace(/\.ts$/, '');
  const stampFile = join(cache, `${name}.json`);
  const stamp = readStamp(stampFile);
  if (stamp && hashOf(stamp.inputs) === stamp.hash) {
    const folder = join(cache, `${name}-${stamp.hash}`);
    if (existsSync(folder)) return folder;
  }
  return build(entry, name, stampFile);
}

function build(entry: string, name: string, stampFile: string): string {
  const source = join(root, 'lambdas', entry);
  if (!existsSync(source)) throw new Error(`There is no function at lambdas/${entry}.`);
  const { metafile, outputFiles } = buildSync({
    ...bundleOptions,
    absWorkingDir: root,
    entryPoints: [source],
    outfile: 'index.mjs',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs)
    .filter((path) => !path.includes('node_modules'))
    .sort();
  const stamp: Stamp = { inputs, hash: hashOf(inputs) };
  const folder = join(cache, `${name}-${stamp.hash}`);
  // Several may synthesise at once: each writes aside, and whoever comes last wins whole.
  const aside = join(cache, `${name}.${process.pid}`);
  mkdirSync(aside, { recursive: true });
  writeFileSync(join(aside, 'index.mjs'), outputFiles[0]?.contents ?? '');
  rmSync(folder, { recursive: true, force: true });
  renameSync(aside, folder);
  writeFileSync(`${stampFile}.${process.pid}`, JSON.stringify(stamp));
  renameSync(`${stampFile}.${process.pid}`, stampFile);
  return folder;
}

/** Of our sources by content; of installed packages by the lock file, which fixes theirs. */
function hashOf(inputs: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([version, bundleOptions]));
  for (const path of ['package-lock.json', ...inputs]) {
    const file = join(root, path);
    hash.update(`\n${relative(root, file)}\n`);
    hash.update(existsSync(file) ? readFileSync(file) : '');
  }
  return hash.digest('hex').slice(0, 20);
}

function readStamp(file: string): Stamp | undefined {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}
