import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { objectNames } from '../../lambdas/uploads/object-names.ts';

describe('names of uploaded files', () => {
  it.each([
    ['img_001.jpg', 'img_001.jpg'],
    ['Straße 東京 ünï.jpg', 'Straße 東京 ünï.jpg'],
    ['../../etc/passwd', '_.._etc_passwd'],
    ['..\\photo.jpg', '_photo.jpg'],
    ['/abs/photo.jpg', '_abs_photo.jpg'],
    ['a\u0000b\nc.jpg', 'a_b_c.jpg'],
    ['\u0024{filename}', '__filename_'],
    ['100%.jpg', '100_.jpg'],
    ['...', 'file'],
    [' .hidden.png ', 'hidden.png'],
  ])('keeps %j as %j', (given, kept) => {
    expect(objectNames([given])).toEqual([kept]);
  });

  it('composes letters and their accents, which file systems write in two ways', () => {
    expect(objectNames(['u\u0308.jpg'])).toEqual(['\u00fc.jpg']);
  });

  it('numbers names that come twice, also where only capitals differ', () => {
    expect(objectNames(['a.jpg', 'a.jpg', 'A.JPG', 'a-2.jpg'])).toEqual([
      'a.jpg',
      'a-2.jpg',
      'A-3.JPG',
      'a-2-2.jpg',
    ]);
  });

  it('are safe as one segment of a key and as a file name, whatever was given', () => {
    const names = fc.array(fc.string({ unit: 'binary', maxLength: 400 }), { maxLength: 20 });
    fc.assert(
      fc.property(names, (given) => {
        const kept = objectNames(given);
        expect(kept).toHaveLength(given.length);
        expect(new Set(kept.map((name) => name.toLowerCase())).size).toBe(kept.length);
        for (const name of kept) {
          expect(name).toMatch(/^[\p{L}\p{M}\p{N}_()-][\p{L}\p{M}\p{N} ._()-]*$/u);
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('keep their extension when they are cut', () => {
    const [name = ''] = objectNames([`${'長'.repeat(300)}.jpeg`]);
    expect(name.endsWith('.jpeg')).toBe(true);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(180);
  });
});
