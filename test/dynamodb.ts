import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { ulid } from 'ulid';

type TableKeys = Pick<
  CreateTableCommandInput,
  'AttributeDefinitions' | 'KeySchema' | 'GlobalSecondaryIndexes'
>;

const keys = (partitionKey: string, sortKey?: string) => [
  { AttributeName: partitionKey, KeyType: 'HASH' as const },
  ...(sortKey ? [{ AttributeName: sortKey, KeyType: 'RANGE' as const }] : []),
];
const attributes = (...names: string[]) =>
  names.map((name) => ({ AttributeName: name, AttributeType: 'S' as const }));

const definitions = {
  accounts: { AttributeDefinitions: attributes('pk', 'sk'), KeySchema: keys('pk', 'sk') },
  apiKeys: {
    AttributeDefinitions: attributes('keyHash', 'workspaceId', 'keyId'),
    KeySchema: keys('keyHash'),
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-workspace',
        KeySchema: keys('workspaceId', 'keyId'),
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  },
  uploads: {
    AttributeDefinitions: attributes('workspaceId', 'uploadId', 'unused', 'createdAt'),
    KeySchema: keys('workspaceId', 'uploadId'),
    GlobalSecondaryIndexes: [
      {
        IndexName: 'unused',
        KeySchema: keys('unused', 'createdAt'),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  },
  jobs: {
    AttributeDefinitions: attributes('workspaceId', 'jobId', 'live'),
    KeySchema: keys('workspaceId', 'jobId'),
    GlobalSecondaryIndexes: [
      {
        IndexName: 'live',
        KeySchema: keys('live', 'jobId'),
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  },
  idempotency: { AttributeDefinitions: attributes('id'), KeySchema: keys('id') },
} satisfies Record<string, TableKeys>;

export type TableName = keyof typeof definitions;

/**
 * Creates tables that nothing else uses, on the engine behind `AWS_ENDPOINT_URL`; product code
 * finds it there too, through `documents()`.
 *
 * @returns the name that each table has this time
 */
export async function createTables<Name extends TableName>(
  ...wanted: Name[]
): Promise<Record<Name, string>> {
  if (!process.env.AWS_ENDPOINT_URL) {
    throw new Error('AWS_ENDPOINT_URL is not set; tests never go to AWS. Run npm test.');
  }
  const client = new DynamoDBClient({});
  const names = await Promise.all(
    wanted.map(async (name): Promise<[Name, string]> => {
      const TableName = `${name}-${ulid()}`;
      await client.send(
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          ...definitions[name],
        }),
      );
      await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName });
      return [name, TableName];
    }),
  );
  client.destroy();
  return Object.fromEntries(names) as Record<Name, string>;
}
