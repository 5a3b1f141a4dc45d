import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataFolder } from './data-folder.ts';
import { jobImages } from './images.ts';
import { Obstacle } from './obstacle.ts';
import { freePort } from './ports.ts';
import { type Leashed, startOnLeash } from './processes.ts';
import { type EnvironmentOptions, pythonEnvironment, type Tell } from './python-environment.ts';
import { root } from './root.ts';

/** The AWS of this machine, kept running. */
export interface Emulator {
  readonly endpointUrl: string;
  readonly port: number;
  /** Of the process on whose leash it is; another one after it had to be started again. */
  readonly pid: number;
  /** Ends with an Obstacle, if ever: it could not be kept running. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

export interface EmulatorOptions extends EnvironmentOptions {
  /** The port that it takes if that is free. */
  readonly port: number;
  readonly folder: DataFolder;
  readonly tell: Tell;
}

/** An emulator that dies this often in a minute will not recover by being started once more. */
const maxRestartsPerMinute = 5;

/** How long an earlier one, whose launcher was killed, may take to let go of the data. */
const releaseSeconds = 20;

/** @throws Obstacle */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const programs = await pythonEnvironment('emulator', options.tell, options);
  await options.folder.writeJson('images.json', jobImages(options));
  const port = await freePort(options.port);
  const start = () => startOnce(join(programs, 'python'), port, options);

  let stopping = false;
  let current = await start();
  const keepRunning = async (): Promise<never> => {
    const deaths: number[] = [];
    while (true) {
      await current.ended;
      if (stopping) return new Promise(() => {});
      deaths.push(Date.now());
      if (deaths.filter((at) => at > Date.now() - 60_000).length > maxRestartsPerMinute) {
        throw new Obstacle(`The emulator keeps ending; its log is ${logOf(options.folder)}.`);
      }
      options.tell('The emulator has ended; starting it again with what it has kept.');
      current = await start();
    }
  };
  const failed = keepRunning();
  failed.catch(() => {});
  return {
    port,
    endpointUrl: `http://127.0.0.1:${port}`,
    get pid() {
      return current.pid;
    },
    failed,
    async stop() {
      stopping = true;
      await current.stop();
    },
  };
}

/** Ready when this is answered. */
async function startOnce(python: string, port: number, options: EmulatorOptions): Promise<Leashed> {
  const deadline = Date.now() + releaseSeconds * 1000;
  let told = false;
  while (true) {
    const { leashed, ready, lastWords } = launch(python, port, options);
    if (await ready) return leashed;
    const why = lastWords();
    if (!/in use by another emulator/.test(why) || Date.now() > deadline) {
      throw new Obstacle(`The emulator did not start. ${why}\nIts log: ${logOf(options.folder)}`);
    }
    if (!told) options.tell('Waiting for the emulator of an earlier start to end.');
    told = true;
    await sleep(500);
  }
}

function launch(python: string, port: number, { folder }: EmulatorOptions) {
  const log = createWriteStream(logOf(folder), { flags: 'a' });
  const words: string[] = [];
  let sayReady: (isReady: boolean) => void = () => {};
  const ready = new Promise<boolean>((resolve) => {
    sayReady = resolve;
  });
  const leashed = startOnLeash(
    [
      ...[python, '-m', 'emulator'],
      ...['--port', String(port)],
      ...['--data-dir', folder.at('cloud')],
      ...['--images-file', folder.at('images.json')],
      ...['--node-binary', process.execPath],
    ],
    {
      env: { ...process.env, PYTHONPATH: join(root, 'local', 'emulator') },
      onLine(line, stream) {
        if (stream === 'stdout' && line.startsWith('{"event": "ready"')) return sayReady(true);
        log.write(`${line}\n`);
        words.push(line);
        if (words.length > 5) words.shift();
      },
    },
  );
  void leashed.ended.then(() => {
    log.end();
    sayReady(false);
  });
  return { leashed, ready, lastWords: () => words.join('\n') };
}

const logOf = (folder: DataFolder) => folder.at('emulator.log');
