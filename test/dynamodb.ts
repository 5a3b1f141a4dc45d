import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { ulid } from 'ulid';
import { type TableDefinition, tableDefinitions } from '../lib/data/table-definitions.ts';

export type TableName = keyof typeof tableDefinitions;

const keys = (partitionKey: string, sortKey?: string) => [
  { AttributeName: partitionKey, KeyType: 'HASH' as const },
  ...(sortKey ? [{ AttributeName: sortKey, KeyType: 'RANGE' as const }] : []),
];

/** A table as the stack would make it, less what only AWS has. */
function tableOf({ partitionKey, sortKey, indexes = [] }: TableDefinition) {
  const names = [
    partitionKey,
    sortKey,
    ...indexes.flatMap((one) => [one.partitionKey, one.sortKey]),
  ];
  return {
    AttributeDefinitions: [...new Set(names.filter((name) => name !== undefined))].map((name) => ({
      AttributeName: name,
      AttributeType: 'S' as const,
    })),
    KeySchema: keys(partitionKey, sortKey),
    ...(indexes.length > 0 && {
      GlobalSecondaryIndexes: indexes.map((one) => ({
        IndexName: one.name,
        KeySchema: keys(one.partitionKey, one.sortKey),
        Projection: { ProjectionType: one.projection },
      })),
    }),
  };
}

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
          ...tableOf(tableDefinitions[name]),
        }),
      );
      await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName });
      return [name, TableName];
    }),
  );
  client.destroy();
  return Object.fromEntries(names) as Record<Name, string>;
}
