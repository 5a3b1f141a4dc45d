import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startOnLeash } from './processes.ts';
import { root } from './root.ts';

/** The CDK app as templates and bundled functions, ready to be deployed. */
export interface Assembly {
  readonly folder: string;
  /** Two assemblies with the same hash deploy to the same. */
  readonly hash: string;
}

/**
 * Runs the CDK app for the laptop stage.
 *
 * @param frontDoorUrl where a browser will reach the platform
 * @throws Error with what the app has printed
 */
export async function synthesize(folder: string, frontDoorUrl: string): Promise<Assembly> {
  const { context } = JSON.parse(await readFile(join(root, 'cdk.json'), 'utf8'));
  await rm(folder, { recursive: true, force: true });
  const lines: string[] = [];
  // As the CLI starts an app: https://docs.aws.amazon.com/cdk/v2/guide/configure-synth.html
  const app = startOnLeash([process.execPath, 'bin/platform.ts'], {
    cwd: root,
    env: {
      ...process.env,
      CDK_OUTDIR: folder,
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, stage: 'laptop', frontDoorUrl }),
    },
    onLine: (line) => lines.push(line),
  });
  if ((await app.ended) !== 0) {
    throw new Error(`The CDK app could not be synthesized.\n${lines.join('\n')}`);
  }
  return { folder, hash: await hashOf(folder) };
}

/** Assets are named after their content, so that the files which name them say it all. */
async function hashOf(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /\.(template|assets)\.json$/.test(name));
  const hash = createHash('sha256');
  for (const name of names.sort()) {
    hash.update(`${name}\n`).update(await readFile(join(folder, name)));
  }
  return hash.digest('hex');
}
