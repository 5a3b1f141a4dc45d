import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { type Clock, timestamp } from '../platform/clock.ts';
import { anyOf, failedConditions, type TransactItem, transact } from '../platform/dynamodb.ts';
import type { JobId, WorkspaceId } from '../platform/ids.ts';
import {
  endedStatuses,
  Job,
  type JobKey,
  type JobStatus,
  type JobVerb,
  transitions,
} from './job.ts';

/** Attributes to set, by name or by path: `{'stages.train': run}`. */
export type Change = Readonly<Record<string, unknown>>;

/** Either the job as it is after the write, or as it was when the write was refused. */
export type Outcome =
  | { readonly applied: true; readonly job: Job }
  | { readonly applied: false; readonly job: Job | undefined };

export interface JobStore {
  find(key: JobKey): Promise<Job | undefined>;
  /**
   * @param input the write that takes the job's input; refused where that is gone
   * @param along more writes that must happen together with these
   */
  create(
    job: Job,
    input: TransactItem,
    along: readonly TransactItem[],
  ): Promise<'created' | 'input_gone'>;
  /** Up to `limit` jobs, the newest first, from those older than `after`. */
  list(workspaceId: WorkspaceId, limit: number, after?: string): Promise<Job[]>;
  count(workspaceId: WorkspaceId): Promise<number>;
  /** Moves a job along its lifecycle; refused where the table does not allow it. */
  apply(verb: JobVerb, key: JobKey, change?: Change): Promise<Outcome>;
  /** Notes something of a job in one of these states. */
  note(whileIn: readonly JobStatus[], key: JobKey, change: Change): Promise<Outcome>;
  /** Gives a live job its next attempt; refused where it has that already. */
  restart(job: Job, code: string): Promise<Outcome>;
  /** Every job that has not ended. The index trails the table by a moment. */
  live(): AsyncIterable<JobKey>;
}

/** The item of a workspace that counts its jobs; it sorts behind every job id. */
const counter = 'total';
const index = 'live';

export function jobStore(
  documents: DynamoDBDocumentClient,
  tableName: string,
  clock: Clock,
): JobStore {
  const keyOf = ({ workspaceId, jobId }: JobKey) => ({ workspaceId, jobId });

  async function update(
    key: JobKey,
    change: Change,
    condition: { expression: string; values: Record<string, unknown> },
    remove: readonly string[] = [],
  ): Promise<Outcome> {
    const { sets, names, values } = assignments({ ...change, updatedAt: timestamp(clock.now()) });
    const removal = remove.length > 0 ? ` REMOVE ${remove.join(', ')}` : '';
    try {
      const { Attributes } = await documents.send(
        new UpdateCommand({
          TableName: tableName,
          Key: keyOf(key),
          UpdateExpression: `SET ${sets}${removal}`,
          ConditionExpression: `attribute_exists(jobId) AND ${condition.expression}`,
          ExpressionAttributeNames: { ...names, '#status': 'status' },
          ExpressionAttributeValues: { ...values, ...condition.values },
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { applied: true, job: Job.parse(Attributes) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { applied: false, job: error.Item && Job.parse(unmarshall(error.Item)) };
    }
  }

  return {
    async find(key) {
      const { Item } = await documents.send(
        new GetCommand({ TableName: tableName, Key: keyOf(key), ConsistentRead: true }),
      );
      return Job.optional().parse(Item);
    },

    async create(job, input, along) {
      const put = {
        Put: {
          TableName: tableName,
          Item: job,
          ConditionExpression: 'attribute_not_exists(jobId)',
        },
      };
      const count = {
        Update: {
          TableName: tableName,
          Key: { workspaceId: job.workspaceId, jobId: counter },
          UpdateExpression: 'ADD #total :one',
          ExpressionAttributeNames: { '#total': 'total' },
          ExpressionAttributeValues: { ':one': 1 },
        },
      };
      const writes = [input, put, count, ...along];
      try {
        await transact(documents, writes);
        return 'created';
      } catch (error) {
        if (failedConditions(error).includes(writes.indexOf(input))) return 'input_gone';
        throw error;
      }
    },

    async list(workspaceId, limit, after) {
      const pages = paginateQuery(
        { client: documents },
        {
          TableName: tableName,
          KeyConditionExpression: 'workspaceId = :workspaceId AND jobId < :before',
          ExpressionAttributeValues: { ':workspaceId': workspaceId, ':before': after ?? counter },
          ScanIndexForward: false,
          Limit: limit,
        },
      );
      const jobs: Job[] = [];
      for await (const { Items = [] } of pages) {
        jobs.push(...Items.map((item) => Job.parse(item)));
        if (jobs.length >= limit) break;
      }
      return jobs.slice(0, limit);
    },

    async count(workspaceId) {
      const { Item } = await documents.send(
        new GetCommand({ TableName: tableName, Key: { workspaceId, jobId: counter } }),
      );
      return Item?.total ?? 0;
    },

    apply(verb, key, change = {}) {
      const { from, to } = transitions[verb];
      const ends = endedStatuses.includes(to);
      return update(
        key,
        { ...change, status: to, ...(ends && { endedAt: timestamp(clock.now()) }) },
        anyOf('#status', from, 'from'),
        ends ? ['live', 'currentStage'] : [],
      );
    },

    note: (whileIn, key, change) => update(key, change, anyOf('#status', whileIn, 'in')),

    restart(job, code) {
      const states = anyOf('#status', ['queued', 'running'], 'in');
      return update(
        job,
        {
          attempt: job.attempt + 1,
          restarts: [...job.restarts, { at: timestamp(clock.now()), code }],
        },
        {
          expression: `${states.expression} AND attempt = :lostAttempt`,
          values: { ...states.values, ':lostAttempt': job.attempt },
        },
      );
    },

    async *live() {
      const pages = paginateQuery(
        { client: documents },
        {
          TableName: tableName,
          IndexName: index,
          KeyConditionExpression: 'live = :live',
          ExpressionAttributeValues: { ':live': 'live' },
          ProjectionExpression: 'workspaceId, jobId',
        },
      );
      for await (const { Items = [] } of pages) {
        for (const { workspaceId, jobId } of Items) {
          yield { workspaceId: workspaceId as WorkspaceId, jobId: jobId as JobId };
        }
      }
    },
  };
}

/** `{'stages.train': run}` as `#stages.#train = :v0`. */
function assignments(change: Change) {
  const entries = Object.entries(change).filter(([, value]) => value !== undefined);
  const parts = (path: string) => path.split('.');
  return {
    sets: entries
      .map(
        ([path], at) =>
          `${parts(path)
            .map((part) => `#${part}`)
            .join('.')} = :v${at}`,
      )
      .join(', '),
    names: Object.fromEntries(
      entries.flatMap(([path]) => parts(path).map((part) => [`#${part}`, part])),
    ),
    values: Object.fromEntries(entries.map(([, value], at) => [`:v${at}`, value])),
  };
}
