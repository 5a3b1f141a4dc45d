import { join } from 'node:path';
import type { Assembly } from './assembly.ts';
import { account, awsEnvironment, region } from './aws-environment.ts';
import type { DataFolder } from './data-folder.ts';
import type { Emulator } from './emulator.ts';
import { startOnLeash } from './processes.ts';
import type { Tell } from './python-environment.ts';
import { root } from './root.ts';

/** What the stacks say of themselves once they are deployed: output by stack and name. */
type Outputs = Record<string, Record<string, string>>;

export interface Deployment {
  /** The hash of the assembly that it was made from. */
  readonly assembly: string;
  readonly outputs: Outputs;
}

const fileName = 'deployment.json';

/**
 * Brings the emulator to what the assembly says, by the CDK CLI. Nothing is done where the last
 * deployment was of the same assembly, and is still there.
 *
 * @throws Error with the last that the CLI has printed
 */
export async function deploy(
  assembly: Assembly,
  emulator: Emulator,
  folder: DataFolder,
  tell: Tell,
): Promise<Deployment> {
  const last = await folder.readJson<Deployment>(fileName);
  if (last?.assembly === assembly.hash && (await answers(apiUrl(last, emulator)))) return last;
  const cdk = cdkCli(assembly, emulator);
  if (!last) {
    tell('Preparing the account for deployments.');
    await cdk('bootstrap', `aws://${account}/${region}`);
  }
  tell('Deploying what is new.');
  const outputsFile = folder.at('outputs.json');
  await cdk(
    'deploy',
    '--all',
    '--require-approval',
    'never',
    '--method',
    'direct',
    '--concurrency',
    '8',
    '--progress',
    'events',
    '--outputs-file',
    outputsFile,
  );
  const outputs = (await folder.readJson<Outputs>('outputs.json')) ?? {};
  const deployment = { assembly: assembly.hash, outputs };
  await folder.writeJson(fileName, deployment);
  return deployment;
}

/** @throws Error where no stack has such an output */
export function output({ outputs }: Deployment, name: string): string {
  const value = Object.values(outputs).find((stack) => name in stack)?.[name];
  if (value === undefined) throw new Error(`No stack has the output ${name}.`);
  return value;
}

/** Where the emulator answers for the API; names below `localhost` don't resolve everywhere. */
export function apiUrl(deployment: Deployment, { endpointUrl }: Pick<Emulator, 'endpointUrl'>) {
  const [id, stage] = [output(deployment, 'ApiId'), output(deployment, 'ApiStageName')];
  return `${endpointUrl}/_aws/execute-api/${id}/${stage}`;
}

function cdkCli(assembly: Assembly, emulator: Emulator) {
  const cli = join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  const quiet = ['--no-notices', '--no-version-reporting', '--no-color'];
  return async (command: string, ...args: string[]): Promise<void> => {
    const lines: string[] = [];
    const cdk = startOnLeash(
      [process.execPath, cli, command, '--app', assembly.folder, ...quiet, ...args],
      {
        cwd: root,
        env: {
          ...awsEnvironment(emulator.endpointUrl),
          CI: '1',
          CDK_DISABLE_VERSION_CHECK: '1',
          CDK_DISABLE_CLI_TELEMETRY: 'true',
        },
        onLine: (line) => lines.push(line),
      },
    );
    if ((await cdk.ended) !== 0) {
      throw new Error(`cdk ${command} failed.\n${lines.slice(-40).join('\n')}`);
    }
  };
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(15_000) }).catch(
    () => undefined,
  );
  return response?.ok ?? false;
}
