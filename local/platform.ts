import { synthesize } from './assembly.ts';
import { enterAwsEnvironment } from './aws-environment.ts';
import { type Credentials, demoCredentials } from './credentials.ts';
import { openDataFolder } from './data-folder.ts';
import { apiUrl, type Deployment, deploy } from './deployment.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { openFrontDoor } from './front-door.ts';
import { identityProvider } from './identity-provider.ts';
import type { EnvironmentOptions, Tell } from './python-environment.ts';

export interface PlatformOptions extends EnvironmentOptions {
  /** Of the front door; 0 takes any. */
  readonly port: number;
  readonly dataDir: string;
  readonly fresh: boolean;
  /** Where clients look for the credentials. */
  readonly credentialsFile: string;
  readonly tell: Tell;
}

/** The whole platform on this machine. */
export interface Platform {
  readonly url: string;
  readonly credentials: Credentials;
  readonly deployment: Deployment;
  readonly emulator: Emulator;
  stop(): Promise<void>;
}

/**
 * Starts the emulator, deploys the CDK app onto it as far as it has changed, opens the front door,
 * and makes the demo account. Nothing is left running where it fails.
 *
 * @throws Obstacle where the user has to clear something first
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { port, tell, credentialsFile } = options;
  const closing: (() => unknown)[] = [];
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    const door = await openFrontDoor(port);
    closing.push(() => door.close());
    const folder = await openDataFolder(options.dataDir, options.fresh);
    const identity = await identityProvider(door.url, folder);
    closing.push(() => identity.close());
    door.open({ identity });

    const starting = startEmulator({ ...options, port: portAfter(door.url), folder });
    const [emulator, assembly] = await bothOrNeither(
      starting,
      synthesize(folder.at('assembly'), door.url),
    );
    closing.push(() => emulator.stop());
    enterAwsEnvironment(emulator.endpointUrl);
    const deployment = await deploy(assembly, emulator, folder, tell);
    door.open({ apiUrl: apiUrl(deployment, emulator) });

    const credentials = await demoCredentials(door.url, deployment, folder, credentialsFile);
    door.open({ apiKey: credentials.apiKey });
    return { url: door.url, credentials, deployment, emulator, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const portAfter = (url: string) => Number(new URL(url).port) + 1;

/** Waits for both, also where the first has failed: an emulator that has come up must be stopped. */
async function bothOrNeither<Other>(
  starting: Promise<Emulator>,
  making: Promise<Other>,
): Promise<[Emulator, Other]> {
  const [started, made] = await Promise.allSettled([starting, making]);
  if (started.status === 'fulfilled' && made.status === 'fulfilled') {
    return [started.value, made.value];
  }
  if (started.status === 'fulfilled') await started.value.stop();
  throw [started, made].find((result) => result.status === 'rejected')?.reason;
}
