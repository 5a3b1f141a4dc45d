import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundleFunction } from '../../lib/constructs/function-bundle.ts';
import { type Resource, stages, statements } from './templates.ts';

/** What code looks like that takes an action. Transactions take those of their parts. */
const traces: Readonly<Record<string, RegExp>> = {
  'dynamodb:GetItem': /\bnew GetCommand\(/,
  'dynamodb:PutItem': /\bnew PutCommand\(|\bPut:\{/,
  'dynamodb:UpdateItem': /\bnew UpdateCommand\(|\bUpdate:\{/,
  'dynamodb:DeleteItem': /\bnew DeleteCommand\(|\bDelete:\{/,
  'dynamodb:Query': /\bnew QueryCommand\(|\bpaginateQuery\d*\(/,
  's3:GetObject': /\bnew GetObjectCommand\(/,
  's3:PutObject': /\bnew (PutObject|UploadPart)Command\(|\bcreatePresignedPost\(/,
  's3:DeleteObject': /\bnew DeleteObjectsCommand\(/,
  's3:AbortMultipartUpload': /\bnew AbortMultipartUploadCommand\(/,
  's3:ListBucket': /\bpaginateListObjectsV2\(/,
  'states:StartExecution': /\bnew StartExecutionCommand\(/,
  'states:StopExecution': /\bnew StopExecutionCommand\(/,
  'states:DescribeExecution': /\bnew DescribeExecutionCommand\(/,
  'secretsmanager:GetSecretValue': /\bnew GetSecretValueCommand\(/,
};

/** What Lambda does in the function's name, whatever its code. */
const byLambdaItself =
  /^(logs|xray|kms|sqs):|^dynamodb:(DescribeStream|GetRecords|GetShardIterator|ListStreams)$/;

describe.each(stages)('the role of a function of the stage $stage', (stage) => {
  const named = stage
    .ofType('AWS::Lambda::Function')
    .map((lambda): [string, Resource] => [
      lambda.Properties.Description.replace('lambdas/', ''),
      lambda,
    ]);

  it.each(named)('allows nothing that no code of %s does', (entry, lambda) => {
    const code = readFileSync(join(bundleFunction(entry), 'index.mjs'), 'utf8');
    const role = lambda.Properties.Role['Fn::GetAtt'][0];
    const policies = stage
      .ofType('AWS::IAM::Policy')
      .filter(({ Properties }) => Properties.Roles.some((one: { Ref: string }) => one.Ref === role))
      .map(({ id }) => id);
    const actions = statements(stage)
      .filter(({ policy }) => policies.includes(policy))
      .flatMap((statement) => statement.actions)
      .filter((action) => !byLambdaItself.test(action));
    const untaken = actions.filter((action) => !traces[action]?.test(code));
    expect(untaken).toEqual([]);
  });
});
