import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { Obstacle } from './obstacle.ts';

/** Of this machine alone: nothing here answers to a network. */
export const loopback = '127.0.0.1';

/**
 * @param port 0 takes any that is free
 * @throws Obstacle that says who has the port
 */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Obstacle(takenBy(port)) : refused(error, port)),
    );
    server.listen(port, loopback, () => {
      const address = server.address();
      resolve(address && typeof address === 'object' ? address.port : port);
    });
  });
}

/** The port, or where it is taken any other that is free. */
export async function freePort(wanted: number): Promise<number> {
  const probe = createServer();
  const port = await listen(probe, wanted).catch(() => listen(probe.removeAllListeners(), 0));
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const refused = (error: NodeJS.ErrnoException, port: number) =>
  error.code === 'EACCES'
    ? new Obstacle(`Port ${port} is for the system alone. Take one above 1023: --port 4000`)
    : error;

function takenBy(port: number): string {
  const holder = holderOf(port);
  return [
    `Port ${port} is in use${holder ? ` by ${holder}` : ''}.`,
    `Stop that, or take another port: npm start -- --port ${port + 10}`,
  ].join('\n');
}

/** `lsof -F` prints a field a line: p and the process id, c and its command. */
function holderOf(port: number): string | undefined {
  const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'];
  const { stdout } = spawnSync('lsof', args, { encoding: 'utf8' });
  const [, pid, command] = /^p(\d+)\nc(.*)$/m.exec(stdout ?? '') ?? [];
  return pid && `process ${pid} (${command})`;
}
