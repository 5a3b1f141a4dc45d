import { createHash } from 'node:crypto';
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { type Clock, epochSeconds, hours } from './clock.ts';
import type { TransactItem } from './dynamodb.ts';
import { Problem } from './problems.ts';
import { validationFailed } from './validation.ts';

/**
 * Idempotent creation.
 *
 * The answer to the first request is written in the same transaction as what it created, so there
 * is no half state: either both exist or neither. A repeated request finds the answer and gets it
 * again; one that races the first loses the transaction, and then finds the answer.
 *
 * Draft: draft-ietf-httpapi-idempotency-key-header-07.
 */
export interface Idempotency {
  /** The write that has to be part of the creating transaction; none without a key. */
  remember(body: unknown): TransactItem[];
}

export const notIdempotent: Idempotency = { remember: () => [] };

export interface StoredAnswer {
  readonly fingerprint: string;
  readonly body: unknown;
}

export interface IdempotencyStore {
  find(id: string): Promise<StoredAnswer | undefined>;
  put(id: string, answer: StoredAnswer): TransactItem;
}

const keptHours = 24;

export function idempotencyStore(
  documents: DynamoDBDocumentClient,
  tableName: string,
  clock: Clock,
): IdempotencyStore {
  return {
    async find(id) {
      const { Item } = await documents.send(
        new GetCommand({ TableName: tableName, Key: { id }, ConsistentRead: true }),
      );
      // Time to live deletes late; an answer past its time is none.
      if (!Item || Item.expiresAt <= epochSeconds(clock.now())) return undefined;
      return { fingerprint: Item.fingerprint, body: JSON.parse(Item.body) };
    },
    put: (id, { fingerprint, body }) => ({
      Put: {
        TableName: tableName,
        Item: {
          id,
          fingerprint,
          body: JSON.stringify(body),
          expiresAt: epochSeconds(clock.now() + hours(keptHours)),
        },
        ConditionExpression: 'attribute_not_exists(id) OR expiresAt <= :now',
        ExpressionAttributeValues: { ':now': epochSeconds(clock.now()) },
      },
    }),
  };
}

/** The key of a request, or undefined where it sent none. Both header names are in use. */
export function idempotencyKeyOf(header: (name: string) => string | undefined): string | undefined {
  const key = header('idempotency-key') ?? header('x-idempotency-key');
  if (key === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw validationFailed({
      pointer: 'header/idempotency-key',
      detail: 'Not 1 to 255 printable ASCII characters without spaces',
      fix: 'Send a UUID, for example.',
    });
  }
  return key;
}

/**
 * Runs a creating use case once per key.
 *
 * @param scope what the key is unique in: the workspace and the route
 * @throws Problem `idempotency_key_reused` where the key came with another body before
 */
export async function once<Answer>(
  store: IdempotencyStore,
  scope: string,
  key: string,
  body: unknown,
  create: (idempotency: Idempotency) => Promise<Answer>,
): Promise<{ answer: Answer; replayed: boolean }> {
  const id = sha256(`${scope}\n${key}`);
  const fingerprint = sha256(JSON.stringify(body));
  const replay = async () => {
    const stored = await store.find(id);
    if (stored && stored.fingerprint !== fingerprint) throw new Problem('idempotency_key_reused');
    return stored && { answer: stored.body as Answer, replayed: true };
  };
  const earlier = await replay();
  if (earlier) return earlier;
  try {
    const remember = (answer: unknown) => [store.put(id, { fingerprint, body: answer })];
    return { answer: await create({ remember }), replayed: false };
  } catch (error) {
    // Another request with the same key may have come first; its answer decides, not our error.
    const winner = await replay();
    if (winner) return winner;
    throw error;
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
