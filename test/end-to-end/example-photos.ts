import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../local/root.ts';

const folder = join(root, 'examples', 'tabletop', 'photos');

/** Neighbouring photos, few enough for a job that is over in half a minute. */
export const fewPhotos = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jpg'))
    .sort()
    .slice(0, 12)
    .map((name) => join(folder, name));

/** As small as the API allows. */
export const quickConfig = { maxResolution: 480, trainSeconds: 5 };
