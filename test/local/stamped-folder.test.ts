import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stampedFolder } from '../../local/stamped-folder.ts';

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'stamped-'));
  folder = join(parent, 'environment');
});
afterEach(() => rm(parent, { recursive: true }));

const building = (content: string) => async (place: string) => {
  await mkdir(place);
  await writeFile(join(place, 'content'), content);
};
const content = () => readFile(join(folder, 'content'), 'utf8');
const never = async () => {
  throw new Error('it was built again');
};

describe('a stamped folder', () => {
  it('is built once', async () => {
    await stampedFolder(folder, 'lock 1', building('one'));
    await stampedFolder(folder, 'lock 1', never);
    expect(await content()).toBe('one');
  });

  it('is built anew when what it is made from has changed', async () => {
    await stampedFolder(folder, 'lock 1', building('one'));
    await stampedFolder(folder, 'lock 2', building('two'));
    expect(await content()).toBe('two');
    expect(await readdir(parent)).toEqual(['environment']);
  });

  it('is not there where building it failed, and the one before stays', async () => {
    await stampedFolder(folder, 'lock 1', building('one'));
    await expect(stampedFolder(folder, 'lock 2', never)).rejects.toThrow('built again');
    expect(await content()).toBe('one');
  });

  it('is built where a killed process has left half of it, which is removed', async () => {
    const dead = 2 ** 22 + 1;
    await mkdir(`${folder}.building-${dead}`, { recursive: true });
    await mkdir(`${folder}.building-${process.ppid}`);
    await stampedFolder(folder, 'lock 1', building('one'));
    expect(existsSync(`${folder}.building-${dead}`)).toBe(false);
    expect(existsSync(`${folder}.building-${process.ppid}`)).toBe(true);
  });

  it('is whole when two processes build it at the same time', async () => {
    await stampedFolder(folder, 'lock 1', async (place) => {
      await building('slow')(place);
      await building('fast')(folder);
      await writeFile(join(folder, '.made-from'), 'lock 1');
    });
    expect(await content()).toBe('fast');
    expect(await readdir(parent)).toEqual(['environment']);
  });
});
