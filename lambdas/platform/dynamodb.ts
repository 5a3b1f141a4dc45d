import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';

/** One write of a transaction. */
export type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

let client: DynamoDBDocumentClient | undefined;

/** The client of this process; absent values are left out, never stored as null by accident. */
export function documents(): DynamoDBDocumentClient {
  client ??= DynamoDBDocumentClient.from(new DynamoDBClient({}), {
    marshallOptions: { removeUndefinedValues: true },
  });
  return client;
}

/** `(attribute = a OR attribute = b)`, always in parentheses: a bare OR would escape other clauses. */
export function anyOf(attribute: string, values: readonly string[], name: string) {
  const keys = values.map((_, index) => `:${name}${index}`);
  return {
    expression: `(${keys.map((key) => `${attribute} = ${key}`).join(' OR ')})`,
    values: Object.fromEntries(keys.map((key, index) => [key, values[index]])),
  };
}

/** Which writes of a cancelled transaction failed their condition, by position. */
export function failedConditions(error: unknown): number[] {
  if (!(error instanceof TransactionCanceledException)) return [];
  return (error.CancellationReasons ?? []).flatMap((reason, index) =>
    reason.Code === 'ConditionalCheckFailed' ? [index] : [],
  );
}
