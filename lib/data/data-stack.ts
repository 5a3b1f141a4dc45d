import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  HttpMethods,
  type IBucket,
} from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { CfnOutput, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Need } from '../constructs/grant.ts';
import { decryptWith } from '../constructs/key-use.ts';
import { ObjectBucket } from '../constructs/object-bucket.ts';
import { PlatformStack } from '../constructs/platform-stack.ts';
import { Table } from '../constructs/table.ts';
import type { StageConfig } from '../stage-config.ts';
import { tableDefinitions } from './table-definitions.ts';

/** Days after which an uploaded file is gone; jobs keep what they need of it. */
const uploadsExpireDays = 30;

/** Everything that must not be lost. It outlives the other stacks, and on AWS its own. */
export class DataStack extends PlatformStack {
  readonly key: Key;
  readonly accounts: Table;
  readonly apiKeys: Table;
  readonly uploads: Table;
  readonly jobs: Table;
  readonly idempotency: Table;
  /** Files as users sent them. */
  readonly uploadFiles: ObjectBucket;
  /** What jobs read and write of their own. */
  readonly artifacts: ObjectBucket;
  readonly #apiKeyPepper: Secret;

  constructor(scope: Construct, id: string, config: StageConfig) {
    super(scope, id, config, { terminationProtection: config.keepsData });
    const removalPolicy = config.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.key = new Key(this, 'Key', {
      alias: `${config.prefix}-data`,
      enableKeyRotation: true,
      removalPolicy,
    });
    // Alarms are sent to a topic that is encrypted with it.
    const alarms = new ServicePrincipal('cloudwatch.amazonaws.com');
    this.key.grant(alarms, 'kms:Decrypt', 'kms:GenerateDataKey');

    const table = (tableId: string, name: keyof typeof tableDefinitions) =>
      new Table(this, tableId, config, { definition: tableDefinitions[name], key: this.key });
    this.accounts = table('Accounts', 'accounts');
    this.apiKeys = table('ApiKeys', 'apiKeys');
    this.uploads = table('Uploads', 'uploads');
    this.jobs = table('Jobs', 'jobs');
    this.idempotency = table('Idempotency', 'idempotency');

    const accessLogs = this.#accessLogs(config, removalPolicy);
    this.uploadFiles = new ObjectBucket(this, 'UploadFiles', config, {
      name: 'uploads',
      variable: 'UPLOADS_BUCKET',
      key: this.key,
      accessLogs,
      browserMethods: [HttpMethods.POST, HttpMethods.PUT],
      expireDays: uploadsExpireDays,
    });
    this.artifacts = new ObjectBucket(this, 'Artifacts', config, {
      name: 'artifacts',
      variable: 'ARTIFACTS_BUCKET',
      key: this.key,
      accessLogs,
      browserMethods: [],
    });
    this.#apiKeyPepper = this.#pepper(removalPolicy);
    this.#outputs();
  }

  /** For functions that tell whether an API key is one of ours. */
  apiKeyPepper(): Need {
    const { secretArn } = this.#apiKeyPepper;
    return {
      environment: { API_KEY_PEPPER_SECRET_ARN: secretArn },
      grants: [
        { actions: ['secretsmanager:GetSecretValue'], resources: [secretArn] },
        decryptWith(this.key),
      ],
    };
  }

  #accessLogs(config: StageConfig, removalPolicy: RemovalPolicy): IBucket {
    const bucket = new Bucket(this, 'AccessLogs', {
      bucketName: `${config.prefix}-access-logs-${config.account}-${config.region}`,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      // S3 delivers access logs to buckets encrypted with its own keys only.
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ id: 'expire', expiration: Duration.days(90) }],
      removalPolicy,
    });
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'The bucket of access logs; logging its own accesses would never end.',
    });
    return bucket as IBucket;
  }

  #pepper(removalPolicy: RemovalPolicy): Secret {
    const secret = new Secret(this, 'ApiKeyPepper', {
      description: 'Without it the hashes of API keys tell nothing',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      encryptionKey: this.key,
      removalPolicy,
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'Another pepper would make every API key invalid at once; keys expire one by one.',
    });
    return secret;
  }

  #outputs(): void {
    const tables = [this.accounts, this.apiKeys, this.uploads, this.jobs, this.idempotency];
    for (const { node, table } of tables) {
      new CfnOutput(this, `${node.id}TableName`, { value: table.tableName });
    }
    new CfnOutput(this, 'UploadsBucketName', { value: this.uploadFiles.bucket.bucketName });
    new CfnOutput(this, 'ArtifactsBucketName', { value: this.artifacts.bucket.bucketName });
    new CfnOutput(this, 'ApiKeyPepperSecretArn', { value: this.#apiKeyPepper.secretArn });
  }
}
