import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Makes a folder that is either whole or not there: it is built beside its place and moved there
 * when it is finished. What processes that were killed have left half built is removed.
 *
 * @param stamp says from what it is made; a folder with the same stamp is left as it is
 */
export async function stampedFolder(
  path: string,
  stamp: string,
  build: (folder: string) => Promise<void>,
): Promise<void> {
  if (await hasStamp(path, stamp)) return;
  await mkdir(dirname(path), { recursive: true });
  await removeHalfBuilt(path);
  const building = `${path}.building-${process.pid}`;
  await build(building);
  await writeFile(join(building, stampName), stamp);
  if (await hasStamp(path, stamp)) {
    // Another process was faster, and may be using it already.
    await rm(building, { recursive: true });
    return;
  }
  await rm(path, { recursive: true, force: true });
  await rename(building, path);
}

const stampName = '.made-from';

export async function hasStamp(path: string, stamp: string): Promise<boolean> {
  const file = join(path, stampName);
  return existsSync(file) && (await readFile(file, 'utf8')) === stamp;
}

async function removeHalfBuilt(path: string): Promise<void> {
  const prefix = `${basename(path)}.building-`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length));
    if (pid === process.pid || !isAlive(pid)) {
      await rm(join(dirname(path), name), { recursive: true, force: true });
    }
  }
}

/** Signal 0 only asks whether there is such a process (kill(2)). */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
