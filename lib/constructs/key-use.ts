import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Grant } from './grant.ts';

/** Reading and writing what lies encrypted under a key. */
export const useKey = (key: IKey): Grant => ({
  actions: [
    'kms:Decrypt',
    'kms:DescribeKey',
    'kms:Encrypt',
    'kms:GenerateDataKey',
    'kms:ReEncryptFrom',
    'kms:ReEncryptTo',
  ],
  resources: [key.keyArn],
});

/** Reading alone. */
export const decryptWith = (key: IKey): Grant => ({
  actions: ['kms:Decrypt', 'kms:DescribeKey'],
  resources: [key.keyArn],
});
