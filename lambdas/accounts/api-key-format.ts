import { createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import type { Secret } from '../platform/secret.ts';

/**
 * The text of an API key: `cp_live_`, 36 random base62 characters (214 bits), and the CRC-32 of all
 * that as 6 more. The checksum tells a typo from a revoked key without asking the table, and lets
 * scanners recognize a leaked key. After GitHub's token format (github.blog, 2021-04-05).
 */
const marker = 'cp_live_';
const randomLength = 36;
const checksumLength = 6;
const shape = new RegExp(`^${marker}[0-9A-Za-z]{${randomLength + checksumLength}}$`);

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A key whose checksum holds; nothing says yet that it was ever handed out. */
export const ApiKeyText = z.string().refine(isWellFormed).brand<'ApiKeyText'>();
export type ApiKeyText = z.infer<typeof ApiKeyText>;

/** What is kept of a key: HMAC-SHA256 under the pepper, base64url. */
export const KeyHash = z.string().length(43).brand<'KeyHash'>();
export type KeyHash = z.infer<typeof KeyHash>;

export type RandomBytes = (count: number) => Uint8Array;

export function newApiKeyText(randomBytes: RandomBytes): ApiKeyText {
  const body = marker + randomBase62(randomBytes, randomLength);
  return ApiKeyText.parse(body + checksumOf(body));
}

/** The key, or undefined where the text was mistyped, cut off, or never was one. */
export function parseApiKey(text: string): ApiKeyText | undefined {
  return ApiKeyText.safeParse(text).data;
}

/** Whether the text means to be an API key, well formed or not. */
export const looksLikeApiKey = (text: string): boolean => text.startsWith('cp_');

/** The beginning, for people to recognize a key by: `cp_live_abc`. */
export const prefixOf = (key: ApiKeyText): string => key.slice(0, marker.length + 3);

/** A slow hash would gain nothing: 214 random bits can't be guessed. */
export const hashOf = (key: ApiKeyText, pepper: Secret): KeyHash =>
  KeyHash.parse(createHmac('sha256', pepper.reveal()).update(key).digest('base64url'));

function isWellFormed(text: string): boolean {
  return (
    shape.test(text) && text.slice(-checksumLength) === checksumOf(text.slice(0, -checksumLength))
  );
}

function checksumOf(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let place = 0; place < checksumLength; place += 1) {
    digits = alphabet.charAt(rest % alphabet.length) + digits;
    rest = Math.floor(rest / alphabet.length);
  }
  return digits;
}

function randomBase62(randomBytes: RandomBytes, length: number): string {
  // Bytes above the last whole multiple of 62 would favour the first characters.
  const limit = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < limit && text.length < length) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  return text;
}
