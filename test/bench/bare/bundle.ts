import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import { bundleOptions } from '../../../lib/constructs/function-bundle.ts';

/**
 * Bundles a function of this folder, minified like ours, but with the SDK as it is installed,
 * whatever our bundles replace in it.
 *
 * @returns a folder with `index.mjs`
 */
export function bundleBare(entry: string, folder: string): string {
  const asInstalled: BuildOptions = { alias: {}, plugins: [] };
  buildSync({
    ...bundleOptions,
    ...asInstalled,
    entryPoints: [join(import.meta.dirname, entry)],
    outfile: join(folder, 'index.mjs'),
  });
  return folder;
}
