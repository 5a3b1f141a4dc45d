import { inspect } from 'node:util';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** A value that must not be seen: whoever prints, logs or serializes it gets `[redacted]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    if (value === '') throw new Error('A secret must not be empty.');
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [inspect.custom](): string {
    return '[redacted]';
  }
}

/** Gives the secret string of Secrets Manager: asked for on the first call, kept ever after. */
export function storedSecret(
  arn: string,
  client: () => SecretsManagerClient = () => new SecretsManagerClient({}),
): () => Promise<Secret> {
  let secret: Promise<Secret> | undefined;
  return () => {
    secret ??= fetchSecret(client(), arn).catch((error) => {
      // The next caller asks again; a refusal is not kept.
      secret = undefined;
      throw error;
    });
    return secret;
  };
}

async function fetchSecret(client: SecretsManagerClient, arn: string): Promise<Secret> {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
  if (!SecretString) throw new Error(`The secret ${arn} holds no string.`);
  return new Secret(SecretString);
}
