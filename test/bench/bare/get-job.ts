import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';

const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const { API_KEYS_TABLE, JOBS_TABLE, KEY_HASH, WORKSPACE_ID } = process.env;

/** The reads of `GET /v1/jobs/{id}` and nothing else: the caller's key, then the job. */
export async function handler(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
  await find(API_KEYS_TABLE, { keyHash: KEY_HASH });
  const jobId = event.pathParameters?.id;
  const job = await find(JOBS_TABLE, { workspaceId: WORKSPACE_ID, jobId });
  return { statusCode: job ? 200 : 404, body: JSON.stringify(job ?? null) };
}

async function find(table: string | undefined, key: Record<string, string | undefined>) {
  const read = new GetCommand({ TableName: table, Key: key, ConsistentRead: true });
  return (await documents.send(read)).Item;
}
