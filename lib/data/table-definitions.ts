/** Keys and features of a table. Every key attribute is a string. */
export interface TableDefinition {
  /** The environment variable in which functions find the table's name. */
  readonly variable: string;
  readonly partitionKey: string;
  readonly sortKey?: string;
  readonly indexes?: readonly {
    readonly name: string;
    readonly partitionKey: string;
    readonly sortKey: string;
    readonly projection: 'ALL' | 'KEYS_ONLY';
  }[];
  /** Attribute with the second (since the epoch) after which an item is deleted. */
  readonly timeToLive?: string;
  /** Whether changes are streamed, with the item before and after. */
  readonly stream?: boolean;
}

/** Every table: one for each aggregate, keyed as it is asked for. */
export const tableDefinitions = {
  /** Users, their workspaces, and the identities by which they sign in. */
  accounts: { variable: 'ACCOUNTS_TABLE', partitionKey: 'pk', sortKey: 'sk' },
  /** Found by the hash of the key, which is all that a request brings. */
  apiKeys: {
    variable: 'API_KEYS_TABLE',
    partitionKey: 'keyHash',
    indexes: [
      { name: 'by-workspace', partitionKey: 'workspaceId', sortKey: 'keyId', projection: 'ALL' },
    ],
  },
  uploads: {
    variable: 'UPLOADS_TABLE',
    partitionKey: 'workspaceId',
    sortKey: 'uploadId',
    timeToLive: 'expiresAt',
    indexes: [
      /** Sparse: those that no job uses, for the sweeper. */
      { name: 'unused', partitionKey: 'unused', sortKey: 'createdAt', projection: 'KEYS_ONLY' },
    ],
  },
  jobs: {
    variable: 'JOBS_TABLE',
    partitionKey: 'workspaceId',
    sortKey: 'jobId',
    stream: true,
    indexes: [
      /** Sparse: those that have not ended, for the reconciler. */
      { name: 'live', partitionKey: 'live', sortKey: 'jobId', projection: 'ALL' },
    ],
  },
  /** Answers to requests that came with an idempotency key. */
  idempotency: { variable: 'IDEMPOTENCY_TABLE', partitionKey: 'id', timeToLive: 'expiresAt' },
} as const satisfies Record<string, TableDefinition>;
