import { describe, expect, it } from 'vitest';
import { stages, statements } from './templates.ts';

const json = (value: unknown) => JSON.stringify(value);

describe.each(stages)('what holds of every resource of the stage $stage', (stage) => {
  const { ofType } = stage;
  const buckets = ofType('AWS::S3::Bucket');
  const tables = ofType('AWS::DynamoDB::GlobalTable');

  it('no bucket can be made public', () => {
    expect(buckets.length).toBeGreaterThan(0);
    for (const { Properties } of buckets) {
      expect(Object.values(Properties.PublicAccessBlockConfiguration)).toEqual(Array(4).fill(true));
    }
  });

  it('buckets, tables and the secret are encrypted, those of users under the key of the stage', () => {
    const encryption = (bucket: (typeof buckets)[number]) =>
      bucket.Properties.BucketEncryption.ServerSideEncryptionConfiguration[0]
        .ServerSideEncryptionByDefault.SSEAlgorithm;
    // S3 delivers access logs to buckets with its own keys only.
    expect(buckets.map(encryption).sort()).toEqual(['AES256', 'aws:kms', 'aws:kms']);
    for (const { Properties } of tables) {
      expect(Properties.SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS' });
    }
    for (const { Properties } of ofType('AWS::SecretsManager::Secret')) {
      expect(Properties.KmsKeyId).toBeDefined();
    }
  });

  it('buckets, queues and topics refuse whoever comes without TLS', () => {
    const refused = (type: string, target: string) =>
      ofType(type)
        .filter(({ Properties }) =>
          Properties.PolicyDocument.Statement.some(
            (statement: { Effect: string; Condition?: unknown }) =>
              statement.Effect === 'Deny' &&
              json(statement.Condition) === '{"Bool":{"aws:SecureTransport":"false"}}',
          ),
        )
        .map(({ Properties }) => json([Properties[target]].flat()[0]))
        .sort();
    const all = (type: string) =>
      ofType(type)
        .map(({ id }) => json({ Ref: id }))
        .sort();
    expect(refused('AWS::S3::BucketPolicy', 'Bucket')).toEqual(all('AWS::S3::Bucket'));
    expect(refused('AWS::SQS::QueuePolicy', 'Queues')).toEqual(all('AWS::SQS::Queue'));
    expect(refused('AWS::SNS::TopicPolicy', 'Topics')).toEqual(all('AWS::SNS::Topic'));
  });

  it('tables are on demand and can be restored to any second', () => {
    for (const { Properties } of tables) {
      expect(Properties.BillingMode).toBe('PAY_PER_REQUEST');
      expect(Properties.Replicas[0].PointInTimeRecoverySpecification).toEqual({
        PointInTimeRecoveryEnabled: true,
      });
    }
  });

  it('data outlives its stack where it is to be kept, and only there', () => {
    const keeps = stage.stage === 'aws';
    const lasting = [...buckets, ...tables, ...ofType('AWS::KMS::Key')];
    for (const { DeletionPolicy } of lasting) {
      expect(DeletionPolicy).toBe(keeps ? 'Retain' : 'Delete');
    }
    for (const { Properties } of tables) {
      expect(Properties.Replicas[0].DeletionProtectionEnabled).toBe(keeps);
    }
    expect(stage.stacks.data.terminationProtection).toBe(keeps);
  });

  it('no policy allows a wildcard of actions', () => {
    const wild = statements(stage).flatMap(({ policy, actions }) =>
      actions.filter((action) => action.includes('*')).map((action) => `${policy}: ${action}`),
    );
    expect(wild).toEqual([]);
  });

  it('a policy allows something on everything only where the service knows nothing narrower', () => {
    const unlimited = statements(stage)
      .filter(({ resources }) => resources.includes('*'))
      .flatMap(({ actions }) => actions);
    expect([...new Set(unlimited)].sort()).toEqual([
      'batch:DescribeJobs',
      ...(stage.stage === 'aws' ? ['ecr:GetAuthorizationToken'] : []),
      'logs:CreateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:DescribeLogGroups',
      'logs:DescribeResourcePolicies',
      'logs:GetLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:UpdateLogDelivery',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  it('log groups forget after a time', () => {
    const groups = ofType('AWS::Logs::LogGroup');
    expect(groups.length).toBeGreaterThan(0);
    for (const { Properties } of groups) expect(Properties.RetentionInDays).toBeGreaterThan(0);
  });

  it('nothing is let in to the hosts of jobs, and only HTTPS out', () => {
    const groups = ofType('AWS::EC2::SecurityGroup');
    expect(groups).toHaveLength(1);
    expect(groups[0]?.Properties.SecurityGroupIngress).toBeUndefined();
    expect(ofType('AWS::EC2::SecurityGroupIngress')).toEqual([]);
    expect(groups[0]?.Properties.SecurityGroupEgress).toMatchObject([
      { FromPort: 443, ToPort: 443 },
    ]);
  });

  it('hosts of jobs hand out credentials only by IMDSv2, over one hop', () => {
    const [template] = ofType('AWS::EC2::LaunchTemplate');
    expect(template?.Properties.LaunchTemplateData.MetadataOptions).toEqual({
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
    });
  });
});
