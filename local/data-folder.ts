import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Obstacle } from './obstacle.ts';

/** Where one platform keeps everything. */
export interface DataFolder {
  readonly path: string;
  /** A file or folder in it. */
  at(name: string): string;
  readJson<Value>(name: string): Promise<Value | undefined>;
  /** Whole or not at all, and readable by nobody else. */
  writeJson(name: string, value: unknown): Promise<void>;
}

/** Says that a folder is ours; without it nothing in the folder is ever touched. */
const markName = 'platform.json';

/** Raised when what is kept can no longer be read by the code. */
const layout = 1;

/**
 * Makes the folder, or finds it as an earlier start has left it.
 *
 * @param fresh empties it first
 * @throws Obstacle where the folder holds something else, or what another version has kept
 */
export async function openDataFolder(path: string, fresh: boolean): Promise<DataFolder> {
  const folder = folderAt(resolve(path));
  const names = existsSync(folder.path) ? await readdir(folder.path) : [];
  const isOurs = names.includes(markName);
  if (names.length > 0 && !isOurs) {
    throw new Obstacle(
      `${folder.path} holds something that is not the platform's: ${names.slice(0, 3).join(', ')}.\n` +
        'Choose an empty folder, or one that does not exist yet: --data-dir FOLDER',
    );
  }
  if (fresh) await rm(folder.path, { recursive: true, force: true });
  await mkdir(folder.path, { recursive: true });
  const kept = await folder.readJson<{ layout: number }>(markName);
  if (kept && kept.layout !== layout) {
    throw new Obstacle(
      `${folder.path} was written by another version of the platform.\n` +
        'Begin anew with --fresh (this forgets what is in it), or choose another --data-dir.',
    );
  }
  if (!kept) await folder.writeJson(markName, { layout });
  return folder;
}

function folderAt(path: string): DataFolder {
  const at = (name: string) => join(path, name);
  return {
    path,
    at,
    async readJson(name) {
      if (!existsSync(at(name))) return undefined;
      try {
        return JSON.parse(await readFile(at(name), 'utf8'));
      } catch {
        // Cut off by a full disk: as good as not written, everything here can be made again.
        return undefined;
      }
    },
    writeJson: (name, value) => writePrivately(at(name), `${JSON.stringify(value, null, 2)}\n`),
  };
}

/** Writes beside the file and moves it there, so that nobody ever reads half of it. Mode 600. */
export async function writePrivately(path: string, text: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  await writeFile(aside, text, { mode: 0o600 });
  await rename(aside, path);
}
