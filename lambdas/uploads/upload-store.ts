import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
} from '@aws-sdk/lib-dynamodb';
import { type TransactItem, transact } from '../platform/dynamodb.ts';
import type { UploadId, WorkspaceId } from '../platform/ids.ts';
import { Upload } from './upload.ts';

export type UploadKey = Pick<Upload, 'workspaceId' | 'uploadId'>;

export interface UploadStore {
  find(workspaceId: WorkspaceId, uploadId: UploadId): Promise<Upload | undefined>;
  /** @param along writes that must happen together with this one */
  add(upload: Upload, along: readonly TransactItem[]): Promise<void>;
  /** The write by which a job takes an upload for its input; it fails where that was swept. */
  use(upload: UploadKey): TransactItem;
  /** Uploads that no job uses, made before that time (RFC 3339), the oldest first. */
  unusedBefore(createdBefore: string): AsyncIterable<UploadKey>;
  /** The upload that is gone now; undefined where a job has come to use it, or it was gone. */
  removeUnused(upload: UploadKey): Promise<Upload | undefined>;
}

const index = 'unused';

export function uploadStore(documents: DynamoDBDocumentClient, tableName: string): UploadStore {
  const keyOf = ({ workspaceId, uploadId }: UploadKey) => ({ workspaceId, uploadId });
  return {
    async find(workspaceId, uploadId) {
      const { Item } = await documents.send(
        new GetCommand({
          TableName: tableName,
          Key: { workspaceId, uploadId },
          ConsistentRead: true,
        }),
      );
      return Upload.optional().parse(Item);
    },

    async add(upload, along) {
      const put = {
        Put: {
          TableName: tableName,
          Item: upload,
          ConditionExpression: 'attribute_not_exists(uploadId)',
        },
      };
      await transact(documents, [put, ...along]);
    },

    use: (upload) => ({
      Update: {
        TableName: tableName,
        Key: keyOf(upload),
        UpdateExpression: 'REMOVE unused',
        ConditionExpression: 'attribute_exists(uploadId)',
      },
    }),

    async *unusedBefore(createdBefore) {
      const pages = paginateQuery(
        { client: documents },
        {
          TableName: tableName,
          IndexName: index,
          KeyConditionExpression: 'unused = :unused AND createdAt < :before',
          ExpressionAttributeValues: { ':unused': 'unused', ':before': createdBefore },
        },
      );
      for await (const { Items = [] } of pages) yield* Items as UploadKey[];
    },

    async removeUnused(upload) {
      try {
        const { Attributes } = await documents.send(
          new DeleteCommand({
            TableName: tableName,
            Key: keyOf(upload),
            ConditionExpression: 'attribute_exists(unused)',
            ReturnValues: 'ALL_OLD',
          }),
        );
        return Upload.parse(Attributes);
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return undefined;
        throw error;
      }
    },
  };
}
