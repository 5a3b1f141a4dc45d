import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hashOf,
  newApiKeyText,
  parseApiKey,
  prefixOf,
} from '../../lambdas/accounts/api-key-format.ts';
import { Secret } from '../../lambdas/platform/secret.ts';

const base62 = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];
const apiKey = fc
  .array(fc.nat(61), { minLength: 36, maxLength: 36 })
  .map((bytes) => newApiKeyText(() => Uint8Array.from(bytes)));
const replaced = (text: string, position: number, character: string) =>
  text.slice(0, position) + character + text.slice(position + 1);

describe('the text of an API key', () => {
  it('is cp_live_ and 42 base62 characters, and is read back as it is', () => {
    fc.assert(
      fc.property(apiKey, (key) => {
        expect(key).toMatch(/^cp_live_[0-9A-Za-z]{42}$/);
        expect(parseApiKey(key)).toBe(key);
      }),
    );
  });

  it('shows no more of itself than three random characters', () => {
    fc.assert(
      fc.property(apiKey, (key) => {
        expect(prefixOf(key)).toBe(key.slice(0, 11));
      }),
    );
  });

  it('is refused with any one character replaced', () => {
    const typo = fc.record({
      key: apiKey,
      position: fc.nat(49),
      character: fc.oneof(fc.constantFrom(...base62), fc.string({ minLength: 1, maxLength: 1 })),
    });
    fc.assert(
      fc.property(typo, ({ key, position, character }) => {
        fc.pre(character !== key[position]);
        expect(parseApiKey(replaced(key, position, character))).toBeUndefined();
      }),
      { numRuns: 5000 },
    );
  });

  it('is refused with two neighbours swapped', () => {
    fc.assert(
      fc.property(apiKey, fc.nat(48), (key, position) => {
        const [left = '', right = ''] = key.slice(position, position + 2);
        fc.pre(left !== right);
        const swapped = replaced(replaced(key, position, right), position + 1, left);
        expect(parseApiKey(swapped)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused when cut off or longer', () => {
    fc.assert(
      fc.property(apiKey, fc.nat(49), fc.constantFrom(...base62, ' ', '\n'), (key, end, more) => {
        expect(parseApiKey(key.slice(0, end))).toBeUndefined();
        expect(parseApiKey(key + more)).toBeUndefined();
        expect(parseApiKey(more + key)).toBeUndefined();
      }),
    );
  });

  it('draws again where a byte would favour some characters', () => {
    const drawn = [255, 248, ...new Array(34).fill(61), 250, ...new Array(35).fill(0)];
    const bytes = (count: number) => Uint8Array.from(drawn.splice(0, count));
    expect(newApiKeyText(bytes).slice(8, 44)).toBe(`${'z'.repeat(34)}00`);
  });
});

describe('the hash of an API key', () => {
  it('is another one under another pepper, and for another key', () => {
    const [one, other] = [newApiKeyText(randomBytes), newApiKeyText(randomBytes)];
    const [salt, pepper] = [new Secret('salt'), new Secret('pepper')];
    const hashes = [hashOf(one, salt), hashOf(one, pepper), hashOf(other, pepper)];
    expect(new Set(hashes).size).toBe(3);
    expect(hashOf(one, pepper)).toBe(hashes[1]);
  });
});
