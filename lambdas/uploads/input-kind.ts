import * as z from 'zod';

export const InputKind = z.enum(['photos', 'video', 'splat']);
export type InputKind = z.infer<typeof InputKind>;

const megabytes = (count: number) => count * 1_000_000;
const gigabytes = (count: number) => count * 1_000_000_000;
const mebibytes = (count: number) => count * 1024 * 1024;

interface InputLimits {
  /** How a person calls one of its files. */
  readonly noun: string;
  readonly minFiles: number;
  readonly maxFiles: number;
  readonly maxBytesPerFile: number;
  readonly contentTypes: readonly string[];
  /** What names must end in, where that matters. */
  readonly extension?: string;
}

/** What may be uploaded as each kind of input. */
export const inputLimits: Readonly<Record<InputKind, InputLimits>> = {
  photos: {
    noun: 'photo',
    minFiles: 3,
    maxFiles: 1000,
    maxBytesPerFile: megabytes(100),
    contentTypes: [
      'image/jpeg',
      'image/png',
      'image/webp',
      'image/tiff',
      'image/bmp',
      'image/heic',
      'image/heif',
      'image/avif',
    ],
  },
  video: {
    noun: 'video',
    minFiles: 1,
    maxFiles: 1,
    maxBytesPerFile: gigabytes(20),
    contentTypes: [
      'video/mp4',
      'video/quicktime',
      'video/webm',
      'video/x-matroska',
      'video/x-msvideo',
      'video/x-m4v',
      'video/mpeg',
    ],
  },
  splat: {
    noun: 'PLY file',
    minFiles: 1,
    maxFiles: 1,
    maxBytesPerFile: mebibytes(256),
    contentTypes: [
      'application/octet-stream',
      'application/ply',
      'application/x-ply',
      'model/ply',
      'model/x-ply',
      'text/plain',
    ],
    extension: '.ply',
  },
};

/** A file as its owner announces it. */
export interface AnnouncedFile {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly contentType: string;
}

interface MisfitFile {
  readonly index: number;
  readonly field: 'name' | 'size' | 'contentType';
  readonly detail: string;
  readonly fix: string;
}

/** What is wrong with single files of an input of this kind. */
export function misfits(kind: InputKind, files: readonly AnnouncedFile[]): MisfitFile[] {
  const { noun, maxBytesPerFile, contentTypes, extension } = inputLimits[kind];
  return files.flatMap((file, index): MisfitFile[] => {
    const found: MisfitFile[] = [];
    if (file.size > maxBytesPerFile) {
      found.push({
        index,
        field: 'size',
        detail: `${file.name} has ${file.size} bytes; a ${noun} has at most ${maxBytesPerFile}`,
        fix: 'Send a smaller file.',
      });
    }
    if (!contentTypes.includes(file.contentType)) {
      found.push({
        index,
        field: 'contentType',
        detail: `${file.contentType} is not a type of ${noun} that is read`,
        fix: `Send one of ${contentTypes.join(', ')}.`,
      });
    }
    if (extension && !file.name.toLowerCase().endsWith(extension)) {
      found.push({
        index,
        field: 'name',
        detail: `${file.name} does not end in ${extension}`,
        fix: `Send a ${noun}, named with its extension.`,
      });
    }
    return found;
  });
}
