import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  HttpMethods,
  type IBucket,
} from 'aws-cdk-lib/aws-s3';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { StageConfig } from '../stage-config.ts';
import type { Grant, Need } from './grant.ts';
import { useKey } from './key-use.ts';

/**
 * Operations on objects, but for `ListBucket`, which is one on the bucket. Whoever gets objects that
 * may not exist needs it too: without it S3 answers 403 in place of 404.
 */
export type ObjectOperation =
  | 'GetObject'
  | 'PutObject'
  | 'DeleteObject'
  | 'AbortMultipartUpload'
  | 'ListBucket';

export interface ObjectBucketProps {
  /** Follows the stage's prefix in the name. */
  readonly name: string;
  /** The environment variable in which functions find the name. */
  readonly variable: string;
  readonly key: IKey;
  readonly accessLogs: IBucket;
  /** What a browser may send to it; it may always read. */
  readonly browserMethods: readonly HttpMethods[];
  readonly expireDays?: number;
}

/**
 * A bucket for objects of workspaces: private, encrypted, over TLS alone. Its name is known before it
 * is made, so that policies can name objects in it.
 */
export class ObjectBucket extends Construct {
  readonly bucket: Bucket;
  readonly #variable: string;
  readonly #key: IKey;
  readonly #arn: string;

  constructor(scope: Construct, id: string, config: StageConfig, props: ObjectBucketProps) {
    super(scope, id);
    const bucketName = `${config.prefix}-${props.name}-${config.account}-${config.region}`;
    this.#variable = props.variable;
    this.#key = props.key;
    this.#arn = `arn:aws:s3:::${bucketName}`;
    this.bucket = new Bucket(this, 'Bucket', {
      bucketName,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      encryption: BucketEncryption.KMS,
      encryptionKey: props.key,
      bucketKeyEnabled: true,
      serverAccessLogsBucket: props.accessLogs,
      serverAccessLogsPrefix: `${props.name}/`,
      cors: [
        {
          allowedMethods: [HttpMethods.GET, HttpMethods.HEAD, ...props.browserMethods],
          allowedOrigins: config.api.allowedOrigins,
          allowedHeaders: ['*'],
          exposedHeaders: ['ETag', 'Content-Range', 'Accept-Ranges'],
          maxAge: 3600,
        },
      ],
      lifecycleRules: [
        { id: 'abandoned-parts', abortIncompleteMultipartUploadAfter: Duration.days(1) },
        ...(props.expireDays
          ? [{ id: 'expire', expiration: Duration.days(props.expireDays) }]
          : []),
      ],
      removalPolicy: config.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }

  /** For functions that do these things with objects of workspaces. */
  need(...operations: readonly ObjectOperation[]): Need {
    return {
      environment: { [this.#variable]: this.bucket.bucketName },
      grants: this.grants(...operations),
    };
  }

  grants(...operations: readonly ObjectOperation[]): Grant[] {
    return [...operations.map((operation) => this.#grant(operation)), useKey(this.#key)];
  }

  #grant(operation: ObjectOperation): Grant {
    const actions = [`s3:${operation}`];
    return operation === 'ListBucket'
      ? { actions, resources: [this.#arn] }
      : {
          actions,
          resources: [`${this.#arn}/workspaces/*`],
          wildcardReason: 'Keys are made at run time; all of them begin like this.',
        };
  }
}
