import { parseArgs } from 'node:util';
import { Obstacle } from './obstacle.ts';

export interface Arguments {
  /** Reconstruct the example photos once the platform is up. */
  readonly demo: boolean;
  /** Of the front door; the emulator takes the next free one. */
  readonly port: number;
  readonly dataDir: string;
  /** Forget what an earlier start has kept. */
  readonly fresh: boolean;
  /** Where clients look for address and key. */
  readonly credentialsFile: string;
  readonly help: boolean;
}

export const usage = `npm start -- [--demo] [--port 4000] [--data-dir .local/data] [--fresh]
             [--credentials .local/credentials.json]

  --demo         reconstruct the example photos, and show how it goes
  --port         where the platform answers: http://127.0.0.1:<port>
  --data-dir     where it keeps everything; another folder is another platform
  --fresh        forget what is in that folder, and begin anew
  --credentials  where to write the address and the key of the demo workspace`;

/** @throws Obstacle that says which argument is wrong */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parse(args);
  return {
    demo: values.demo,
    port: portOf(values.port),
    dataDir: values['data-dir'],
    fresh: values.fresh,
    credentialsFile: values.credentials,
    help: values.help,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        demo: { type: 'boolean', default: false },
        port: { type: 'string', default: '4000' },
        'data-dir': { type: 'string', default: '.local/data' },
        fresh: { type: 'boolean', default: false },
        credentials: { type: 'string', default: '.local/credentials.json' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new Obstacle(`${(error as Error).message}\n\n${usage}`);
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new Obstacle(`--port must be a number from 1 to 65535, not "${text}".`);
}
