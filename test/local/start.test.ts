import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient } from '../../local/api-client.ts';
import type { Credentials } from '../../local/credentials.ts';
import { listen } from '../../local/ports.ts';
import { kill, processesWith } from '../end-to-end/processes.ts';
import { until } from '../end-to-end/waiting.ts';
import { launcherIn, temporaryFolder } from './launcher.ts';

const folder = temporaryFolder();
let launcher: Awaited<ReturnType<typeof launcherIn>>;
let first: Credentials;

const credentials = async (): Promise<Credentials> =>
  JSON.parse(await readFile(launcher.credentialsFile, 'utf8'));
const keysOf = (known: Credentials) =>
  new ApiClient(known).call<{ items: { name: string }[] }>('GET', '/v1/api-keys');

beforeAll(async () => {
  launcher = await launcherIn(folder.path);
});
afterAll(() => {
  const left = launcher.processes();
  if (left.length > 0) kill(left);
  folder.remove();
});

describe('npm start', () => {
  it('writes a key that works, for its user alone; Ctrl-C leaves no process', async () => {
    const started = launcher.start();
    await started.up();
    first = await credentials();
    expect((await stat(launcher.credentialsFile)).mode & 0o777).toBe(0o600);
    expect(first.baseUrl).toBe(launcher.url);
    const api = new ApiClient(first);
    const me = await api.call<{ activeWorkspaceId: string }>('GET', '/v1/me');
    expect(me.activeWorkspaceId).toBe(first.workspaceId);
    await api.call('POST', '/v1/api-keys', { name: 'kept', scopes: ['jobs:read'] });
    started.child.kill('SIGINT');
    expect(await started.ended).toBe(0);
    expect(launcher.processes()).toEqual([]);
  });

  it('a second time finds everything, deploys nothing, and keeps the key', async () => {
    const started = launcher.start();
    await started.up();
    expect(started.output()).not.toContain('Deploying');
    expect(await credentials()).toEqual(first);
    expect((await keysOf(first)).items.map(({ name }) => name)).toContain('kept');
    started.child.kill('SIGTERM');
    expect(await started.ended).toBe(0);
  });

  it('killed with -9 leaves no process, and starts again with everything', async () => {
    const started = launcher.start();
    await started.up();
    kill(processesWith('local/start.ts').filter(({ text }) => text.includes(launcher.dataDir)));
    const again = launcher.start();
    await again.up();
    expect((await keysOf(first)).items.map(({ name }) => name)).toContain('kept');
    again.child.kill('SIGINT');
    await again.ended;
    await until(async () => launcher.processes().length === 0);
  });

  it('that has lost its npm ends by itself', async () => {
    const started = launcher.start();
    await started.up();
    started.child.kill('SIGKILL');
    await until(async () => launcher.processes().length === 0);
  });

  it('with --fresh forgets what was there', async () => {
    const started = launcher.start(['--fresh']);
    await started.up();
    const anew = await credentials();
    expect(anew.workspaceId).not.toBe(first.workspaceId);
    expect((await keysOf(anew)).items.map(({ name }) => name)).not.toContain('kept');
    started.child.kill('SIGINT');
    await started.ended;
  });
});

describe('npm start says what stands in its way', () => {
  const refusal = async (args: string[], environment?: NodeJS.ProcessEnv) => {
    const started = launcher.start(args, environment);
    expect(await started.ended).toBe(1);
    expect(started.output()).not.toMatch(/^ {4}at /m);
    return started.output();
  };

  it('a port in use, with who has it and how to take another', async () => {
    const server = createServer();
    const port = await listen(server, 0);
    const said = await refusal(['--port', `${port}`]);
    expect(said).toContain(`Port ${port} is in use by process ${process.pid}`);
    expect(said).toContain('--port');
    server.close();
  });

  it('no Python, and how to get it', async () => {
    const said = await refusal([], { PATH: '/nowhere', PYTHON: 'python-that-is-not-there' });
    expect(said).toContain('This needs Python 3.10 to 3.14');
    expect(said).toMatch(/(apt|brew) install/);
  });

  it('a data folder that is not its own, which it leaves alone', async () => {
    const said = await refusal(['--fresh', '--data-dir', 'examples']);
    expect(said).toContain('holds something that is not the platform');
    expect((await stat('examples/tabletop')).isDirectory()).toBe(true);
  });

  it('an argument that it does not know', async () => {
    const said = await refusal(['--prot', '4000']);
    expect(said).toContain("Unknown option '--prot'");
    expect(said).toContain('--port');
  });

  it('a port that is none', async () => {
    expect(await refusal(['--port', '70000'])).toContain('from 1 to 65535');
  });
});
