/** `npm start`: the whole platform on this machine, until Ctrl-C. `local/arguments.ts` says how. */
import { readArguments, usage } from './arguments.ts';
import { runDemo } from './demo.ts';
import { giveUp } from './obstacle.ts';
import { type Platform, startPlatform } from './platform.ts';
import { killEverything } from './processes.ts';
import { pythonEnvironment } from './python-environment.ts';

const startedAt = performance.now();
const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
let platform: Platform | undefined;
let stopAskedAt: number | undefined;

/** Once in order; whoever asks again does not want to wait. */
async function stop(): Promise<void> {
  const now = performance.now();
  // One Ctrl-C can arrive twice: from the terminal, and from npm, which passes it on.
  if (stopAskedAt !== undefined && now - stopAskedAt < 500) return;
  if (stopAskedAt !== undefined) {
    killEverything();
    process.exit(130);
  }
  stopAskedAt = now;
  console.log('\nStopping. Everything is kept; Ctrl-C again does not wait.');
  await platform?.stop();
  killEverything();
  process.exit();
}

async function main(): Promise<void> {
  const options = readArguments(process.argv.slice(2));
  if (options.help) {
    console.log(usage);
    return;
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // npm, or whoever started this, is gone without having said so.
  process.on('disconnect', stop);
  const tell = (line: string) => console.log(line);
  // Its job would make this one while it runs; here is where it can be seen.
  if (options.demo) await pythonEnvironment('reconstruction', tell);
  platform = await startPlatform({ ...options, tell });
  platform.emulator.failed.catch(async (error) => {
    giveUp(error);
    await stop();
  });
  console.log(`Up after ${seconds()} s: ${platform.url} (key: ${options.credentialsFile})`);
  if (options.demo) await runDemo(platform, tell);
  if (options.demo) console.log('\nThe platform stays up; Ctrl-C ends it.');
}

await main().catch((error) => {
  if (stopAskedAt === undefined) giveUp(error);
  killEverything();
  process.exit();
});
