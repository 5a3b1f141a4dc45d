const maxBytes = 180;

/**
 * Names under which files are kept: one segment of a key, safe as a file name everywhere. Letters
 * of any script stay; slashes, control characters and whatever has a meaning to S3 forms (`${}`),
 * URLs or shells turn into `_`. Names that would collide, also where capitals don't count, get a
 * number.
 *
 * @returns one name for each of the given ones, in their order
 */
export function objectNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const unique = firstFree(sanitized(name), taken);
    taken.add(unique.toLowerCase());
    return unique;
  });
}

function sanitized(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N} ._()-]/gu, '_')
    .replace(/^[. ]+/, '')
    .replace(/[. ]+$/, '');
  return shortened(plain || 'file');
}

function firstFree(name: string, taken: ReadonlySet<string>): string {
  const { stem, extension } = split(name);
  let candidate = name;
  for (let number = 2; taken.has(candidate.toLowerCase()); number += 1) {
    candidate = `${stem}-${number}${extension}`;
  }
  return candidate;
}

function split(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.');
  const isExtension = dot > 0 && name.length - dot <= 10;
  return isExtension
    ? { stem: name.slice(0, dot), extension: name.slice(dot) }
    : { stem: name, extension: '' };
}

/** File systems count bytes, and 255 is where they end. */
function shortened(name: string): string {
  const { stem, extension } = split(name);
  let characters = [...stem];
  while (Buffer.byteLength(characters.join('') + extension) > maxBytes) {
    characters = characters.slice(0, -1);
  }
  return characters.join('') + extension;
}
