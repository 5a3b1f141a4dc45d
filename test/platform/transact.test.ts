import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { transact } from '../../lambdas/platform/dynamodb.ts';
import { createTables } from '../dynamodb.ts';

let TableName: string;
beforeAll(async () => {
  TableName = (await createTables('idempotency')).idempotency;
});

/** A table at which the first transactions meet others, as AWS tells it; the engine here never does. */
function contended(conflicts: number) {
  const client = new DynamoDBClient({});
  let sent = 0;
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName !== 'TransactWriteItemsCommand' || ++sent > conflicts) return next(args);
        throw new TransactionCanceledException({
          message: 'Transaction cancelled, please refer cancellation reasons',
          CancellationReasons: [{ Code: 'TransactionConflict' }],
          $metadata: {},
        });
      },
    { step: 'initialize' },
  );
  return DynamoDBDocumentClient.from(client);
}

const put = (id: string) => ({
  Put: { TableName, Item: { id }, ConditionExpression: 'attribute_not_exists(id)' },
});

describe('a transaction', () => {
  it('that meets another one is written once that one is through', async () => {
    const documents = contended(2);
    await transact(documents, [put('later')]);
    const { Item } = await documents.send(new GetCommand({ TableName, Key: { id: 'later' } }));
    expect(Item).toEqual({ id: 'later' });
  });

  it('that always meets others is refused in a way that tells to come again', async () => {
    await expect(transact(contended(Infinity), [put('never')])).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      retryable: true,
    });
  });

  it('whose condition fails says so', async () => {
    await transact(contended(0), [put('taken')]);
    await expect(transact(contended(0), [put('taken')])).rejects.toBeInstanceOf(
      TransactionCanceledException,
    );
  });
});
