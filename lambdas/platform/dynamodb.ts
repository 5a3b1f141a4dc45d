import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { Problem } from './problems.ts';

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

const conflictWaitsMillis = [20, 60, 180, 540];

/**
 * Writes all of it or nothing. DynamoDB cancels a transaction that meets another one at some item,
 * and the SDK leaves it to us to ask again (Developer Guide, "Transaction conflict handling").
 *
 * @throws TransactionCanceledException where a condition failed; Problem `temporarily_unavailable`
 *   where others were always there first
 */
export async function transact(
  documents: DynamoDBDocumentClient,
  items: readonly TransactItem[],
): Promise<void> {
  const command = () => new TransactWriteCommand({ TransactItems: [...items] });
  for (const waitMillis of conflictWaitsMillis) {
    try {
      await documents.send(command());
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
      await sleep(waitMillis);
    }
  }
  await documents.send(command()).catch((error) => {
    throw isConflict(error) ? new Problem('temporarily_unavailable', { cause: error }) : error;
  });
}

/** Whether nothing but another transaction stood in the way. */
const isConflict = (error: unknown): boolean =>
  error instanceof TransactionCanceledException &&
  failedConditions(error).length === 0 &&
  (error.CancellationReasons ?? []).some(({ Code }) => Code === 'TransactionConflict');

/** Which writes of a cancelled transaction failed their condition, by position. */
export function failedConditions(error: unknown): number[] {
  if (!(error instanceof TransactionCanceledException)) return [];
  return (error.CancellationReasons ?? []).flatMap((reason, index) =>
    reason.Code === 'ConditionalCheckFailed' ? [index] : [],
  );
}
