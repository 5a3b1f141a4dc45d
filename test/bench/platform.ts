import { join } from 'node:path';
import { type Platform, startPlatform } from '../../local/platform.ts';
import { withScratchFolder } from './scratch.ts';

/** Lends a platform that nothing else uses, with an empty account, and a folder beside it. */
export const withPlatform = <Result>(
  use: (platform: Platform, scratch: string) => Promise<Result>,
): Promise<Result> =>
  withScratchFolder(async (scratch) => {
    const platform = await startPlatform({
      port: 0,
      dataDir: join(scratch, 'data'),
      fresh: false,
      credentialsFile: join(scratch, 'credentials.json'),
      tell: (line) => console.error(`  ${line}`),
    });
    try {
      return await use(platform, scratch);
    } finally {
      await platform.stop();
    }
  });
