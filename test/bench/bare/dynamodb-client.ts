import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';

const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));

/** The least that a function which reads a table is made of. */
export const handler = (key: Record<string, unknown>) =>
  documents.send(new GetCommand({ TableName: 'table', Key: key }));
