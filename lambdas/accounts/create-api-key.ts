import type { Actor, Scope } from '../platform/actor.ts';
import { type Clock, days, timestamp } from '../platform/clock.ts';
import type { TransactItem } from '../platform/dynamodb.ts';
import type { Idempotency } from '../platform/idempotency.ts';
import type { KeyId, NewId, UserId, WorkspaceId } from '../platform/ids.ts';
import { Problem } from '../platform/problems.ts';
import type { Secret } from '../platform/secret.ts';
import { validationFailed } from '../platform/validation.ts';
import { type ApiKey, toView } from './api-key.ts';
import {
  type ApiKeyText,
  hashOf,
  newApiKeyText,
  prefixOf,
  type RandomBytes,
} from './api-key-format.ts';
import type { ApiKeyStore } from './api-key-store.ts';
import type { NewApiKey } from './routes.ts';

export interface CreateApiKeyDeps {
  readonly clock: Clock;
  readonly newId: NewId;
  readonly apiKeys: ApiKeyStore;
  readonly pepper: () => Promise<Secret>;
  readonly randomBytes: RandomBytes;
}

/** What a repeated request is told of the key that the first one made: never the key itself. */
export interface CreatedBefore {
  readonly id: KeyId;
}

/**
 * Creates a key of the actor's workspace.
 *
 * @throws Problem `insufficient_scope` where a key asks for more than it has; `validation_failed`
 *   where the expiry has passed
 */
export async function createApiKey(
  deps: CreateApiKeyDeps,
  actor: Actor,
  wanted: NewApiKey,
  idempotency: Idempotency,
) {
  const missing = wanted.scopes.filter((scope) => !actor.scopes.has(scope));
  if (missing.length > 0) throw moreThanItHas(actor, missing);
  const expiresAt = expiryOf(wanted, deps.clock);
  const keyId = deps.newId('key');
  const { apiKey, key } = await mintApiKey(
    deps,
    {
      keyId,
      workspaceId: actor.workspaceId,
      userId: actor.userId,
      name: wanted.name,
      scopes: wanted.scopes,
      ...(expiresAt !== undefined && { expiresAt }),
      ...(actor.credential.kind === 'apiKey' && { mintedBy: actor.credential.keyId }),
    },
    idempotency.remember({ id: keyId } satisfies CreatedBefore),
  );
  return { ...toView(apiKey), key };
}

interface Minted {
  readonly keyId: KeyId;
  readonly workspaceId: WorkspaceId;
  readonly userId: UserId;
  readonly name: string;
  readonly scopes: Scope[];
  readonly expiresAt?: string;
  readonly mintedBy?: KeyId;
}

/** Makes a key and keeps its hash; the text is in no other place than this answer. */
export async function mintApiKey(
  { clock, apiKeys, pepper, randomBytes }: CreateApiKeyDeps,
  minted: Minted,
  along: readonly TransactItem[] = [],
): Promise<{ apiKey: ApiKey; key: ApiKeyText }> {
  const key = newApiKeyText(randomBytes);
  const apiKey: ApiKey = {
    ...minted,
    keyHash: hashOf(key, await pepper()),
    prefix: prefixOf(key),
    createdAt: timestamp(clock.now()),
  };
  await apiKeys.add(apiKey, along);
  return { apiKey, key };
}

/** Answers the repetition of a request: its key can't be shown again, for it is not kept. */
export function alreadyCreated({ id }: CreatedBefore): never {
  throw new Problem('api_key_already_created', {
    detail:
      `This Idempotency-Key has already created ${id}, and a key is shown only once. ` +
      `Use that one; if its text is lost, revoke it and send a new Idempotency-Key.`,
    headers: { 'Idempotency-Replayed': 'true' },
  });
}

const moreThanItHas = (actor: Actor, missing: readonly Scope[]) =>
  new Problem('insufficient_scope', {
    detail:
      `A key can give away only scopes that it has itself. This one has ` +
      `${[...actor.scopes].join(', ')}, but not ${missing.join(', ')}.`,
  });

function expiryOf({ expiresAt, expiresInDays }: NewApiKey, clock: Clock): string | undefined {
  if (expiresInDays !== undefined) return timestamp(clock.now() + days(expiresInDays));
  if (expiresAt === undefined) return undefined;
  const epochMillis = Date.parse(expiresAt);
  if (epochMillis <= clock.now()) throw expiryPassed(clock);
  return timestamp(epochMillis);
}

const expiryPassed = (clock: Clock) =>
  validationFailed({
    pointer: '/expiresAt',
    detail: 'The key would have expired already',
    fix: `Send a time after ${timestamp(clock.now())}, or leave it out.`,
  });
