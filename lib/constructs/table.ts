import {
  AttributeType,
  Billing,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { TableDefinition } from '../data/table-definitions.ts';
import type { StageConfig } from '../stage-config.ts';
import type { Need } from './grant.ts';
import { useKey } from './key-use.ts';

/** Operations on items. A transaction needs those of its parts. */
export type TableOperation =
  | 'GetItem'
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'ConditionCheckItem'
  | 'Query';

const attribute = (name: string) => ({ name, type: AttributeType.STRING });

/** A table as its definition says: on demand, encrypted, restorable to any second of 35 days. */
export class Table extends Construct {
  readonly table: TableV2;
  readonly definition: TableDefinition;
  readonly #key: IKey;

  constructor(
    scope: Construct,
    id: string,
    config: StageConfig,
    { definition, key }: { definition: TableDefinition; key: IKey },
  ) {
    super(scope, id);
    this.definition = definition;
    this.#key = key;
    this.table = new TableV2(this, 'Table', {
      partitionKey: attribute(definition.partitionKey),
      ...(definition.sortKey && { sortKey: attribute(definition.sortKey) }),
      globalSecondaryIndexes: (definition.indexes ?? []).map((index) => ({
        indexName: index.name,
        partitionKey: attribute(index.partitionKey),
        sortKey: attribute(index.sortKey),
        projectionType: ProjectionType[index.projection],
      })),
      ...(definition.timeToLive && { timeToLiveAttribute: definition.timeToLive }),
      ...(definition.stream && { dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES }),
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.customerManagedKey(key),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: config.keepsData,
      removalPolicy: config.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }

  /** For functions that do these things with items; indexes come with `Query`. */
  need(...operations: readonly TableOperation[]): Need {
    const { tableArn, tableName } = this.table;
    const indexes = operations.includes('Query')
      ? (this.definition.indexes ?? []).map((index) => `${tableArn}/index/${index.name}`)
      : [];
    return {
      environment: { [this.definition.variable]: tableName },
      grants: [
        {
          actions: operations.map((operation) => `dynamodb:${operation}`),
          resources: [tableArn, ...indexes],
        },
        useKey(this.#key),
      ],
    };
  }
}
