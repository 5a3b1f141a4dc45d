import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enterAwsEnvironment } from '../../local/aws-environment.ts';
import { freePort } from '../../local/ports.ts';
import { type Leashed, startOnLeash } from '../../local/processes.ts';
import { pythonEnvironment } from '../../local/python-environment.ts';
import { root } from '../../local/root.ts';

/** A local cloud of a test's own, whose only job image runs `fake-stage.ts`. */
export async function startCloud() {
  const python = join(await pythonEnvironment('emulator', console.log), 'python');
  const folder = mkdtempSync(join(tmpdir(), 'cloud-'));
  const port = await freePort(0);
  const imagesFile = join(folder, 'images.json');
  writeFileSync(
    imagesFile,
    JSON.stringify({ 'test/fake-stage': { workingDirectory: root, environment: {} } }),
  );
  enterAwsEnvironment(`http://127.0.0.1:${port}`);

  async function start(): Promise<Leashed> {
    const settings = {
      port,
      'data-dir': join(folder, 'data'),
      'images-file': imagesFile,
      'node-binary': process.execPath,
      'terminate-grace-seconds': 2,
      'gpu-slots': 2,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    const env = { ...process.env, PYTHONPATH: join(root, 'local', 'emulator') };
    return new Promise((resolve, reject) => {
      const started = startOnLeash([python, '-m', 'emulator', ...flags], {
        env,
        onLine: (line) => line.includes('"ready"') && resolve(started),
      });
      void started.ended.then((status) => reject(new Error(`the cloud ended with ${status}`)));
    });
  }

  let cloud = await start();
  return {
    /** As if the machine had lost power, and come back. */
    async loseAndRestart() {
      cloud.kill();
      await cloud.ended;
      cloud = await start();
    },
    async stop() {
      await cloud.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type Cloud = Awaited<ReturnType<typeof startCloud>>;
