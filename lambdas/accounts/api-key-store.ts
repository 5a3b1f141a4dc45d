import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
  QueryCommand,
  type QueryCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { minutes, timestamp } from '../platform/clock.ts';
import { type TransactItem, transact } from '../platform/dynamodb.ts';
import type { KeyId, WorkspaceId } from '../platform/ids.ts';
import { ApiKey } from './api-key.ts';
import type { KeyHash } from './api-key-format.ts';

/** API keys, found by their hash. A key that is not here does not work: revoking deletes it. */
export interface ApiKeyStore {
  /** Consistent: a key is gone for the next request as soon as it was deleted. */
  find(keyHash: KeyHash): Promise<ApiKey | undefined>;
  /** @param along writes that must happen together with this one */
  add(key: ApiKey, along?: readonly TransactItem[]): Promise<void>;
  /** Whether it was there. */
  remove(keyHash: KeyHash): Promise<boolean>;
  /** Notes that a key was used, unless that was noted within the last minute. */
  markUsed(keyHash: KeyHash, epochMillis: number): Promise<void>;
  /** The index of a workspace trails the table by a moment: a key just made may be missing. */
  findById(workspaceId: WorkspaceId, keyId: KeyId): Promise<ApiKey | undefined>;
  /** Up to `limit` keys, the newest first, from those older than `after`. */
  list(workspaceId: WorkspaceId, limit: number, after?: string): Promise<ApiKey[]>;
  count(workspaceId: WorkspaceId): Promise<number>;
}

const index = 'by-workspace';

/** How precisely the last use is known; no finer, since each note is a write. */
const usePrecisionMillis = minutes(1);

/** Whether a use at this time is worth a note. */
export const isNewsworthyUse = (key: ApiKey, epochMillis: number): boolean =>
  key.lastUsedAt === undefined || key.lastUsedAt <= timestamp(epochMillis - usePrecisionMillis);

export function apiKeyStore(documents: DynamoDBDocumentClient, tableName: string): ApiKeyStore {
  const ofWorkspace = (workspaceId: WorkspaceId) => ({
    TableName: tableName,
    IndexName: index,
    KeyConditionExpression: 'workspaceId = :workspaceId',
    ExpressionAttributeValues: { ':workspaceId': workspaceId },
  });
  return {
    async find(keyHash) {
      const { Item } = await documents.send(
        new GetCommand({ TableName: tableName, Key: { keyHash }, ConsistentRead: true }),
      );
      return ApiKey.optional().parse(Item);
    },

    async add(key, along = []) {
      const put = {
        Put: {
          TableName: tableName,
          Item: key,
          ConditionExpression: 'attribute_not_exists(keyHash)',
        },
      };
      await transact(documents, [put, ...along]);
    },

    async remove(keyHash) {
      const { Attributes } = await documents.send(
        new DeleteCommand({ TableName: tableName, Key: { keyHash }, ReturnValues: 'ALL_OLD' }),
      );
      return Attributes !== undefined;
    },

    async markUsed(keyHash, epochMillis) {
      try {
        await documents.send(
          new UpdateCommand({
            TableName: tableName,
            Key: { keyHash },
            UpdateExpression: 'SET lastUsedAt = :now',
            // An update creates what it doesn't find; a key that was just revoked must stay away.
            ConditionExpression:
              'attribute_exists(keyHash) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt <= :before)',
            ExpressionAttributeValues: {
              ':now': timestamp(epochMillis),
              ':before': timestamp(epochMillis - usePrecisionMillis),
            },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },

    async findById(workspaceId, keyId) {
      const { Items } = await documents.send(
        new QueryCommand({
          ...ofWorkspace(workspaceId),
          KeyConditionExpression: 'workspaceId = :workspaceId AND keyId = :keyId',
          ExpressionAttributeValues: { ':workspaceId': workspaceId, ':keyId': keyId },
        }),
      );
      return ApiKey.optional().parse(Items?.[0]);
    },

    async list(workspaceId, limit, after) {
      const all = ofWorkspace(workspaceId);
      const query: QueryCommandInput =
        after === undefined
          ? all
          : {
              ...all,
              KeyConditionExpression: `${all.KeyConditionExpression} AND keyId < :after`,
              ExpressionAttributeValues: { ...all.ExpressionAttributeValues, ':after': after },
            };
      const keys: ApiKey[] = [];
      const pages = paginateQuery(
        { client: documents },
        { ...query, ScanIndexForward: false, Limit: limit },
      );
      for await (const { Items = [] } of pages) {
        keys.push(...Items.map((item) => ApiKey.parse(item)));
        if (keys.length >= limit) break;
      }
      return keys.slice(0, limit);
    },

    async count(workspaceId) {
      const pages = paginateQuery(
        { client: documents },
        { ...ofWorkspace(workspaceId), Select: 'COUNT' },
      );
      let total = 0;
      for await (const { Count = 0 } of pages) total += Count;
      return total;
    },
  };
}
