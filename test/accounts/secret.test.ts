import { inspect } from 'node:util';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ulid } from 'ulid';
import { describe, expect, it } from 'vitest';
import { Secret, storedSecret } from '../../lambdas/platform/secret.ts';
import { createSecret } from './service.ts';

describe('a secret', () => {
  it('shows itself to nobody who prints, logs or serializes it', () => {
    const secret = new Secret('hunter2');
    const seen = [`${secret}`, String(secret), JSON.stringify({ secret }), inspect({ secret })];
    for (const text of seen) {
      expect(text).toContain('[redacted]');
      expect(text).not.toContain('hunter2');
    }
    expect(secret.reveal()).toBe('hunter2');
  });

  it('is asked for once', async () => {
    const arn = await createSecret('hunter2');
    const secret = storedSecret(arn);
    expect((await secret()).reveal()).toBe('hunter2');
    const changed = new PutSecretValueCommand({ SecretId: arn, SecretString: 'hunter3' });
    await new SecretsManagerClient({}).send(changed);
    expect((await secret()).reveal()).toBe('hunter2');
    expect((await storedSecret(arn)()).reveal()).toBe('hunter3');
  });

  it('is asked for again after a refusal', async () => {
    const name = `late-${ulid()}`;
    const secret = storedSecret(name);
    await expect(secret()).rejects.toThrow();
    await createSecret('hunter2', name);
    expect((await secret()).reveal()).toBe('hunter2');
  });

  it('must not be empty', () => {
    expect(() => new Secret('')).toThrow('must not be empty');
  });
});
