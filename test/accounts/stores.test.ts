import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { accountStore } from '../../lambdas/accounts/account-store.ts';
import type { ApiKey } from '../../lambdas/accounts/api-key.ts';
import { hashOf, newApiKeyText } from '../../lambdas/accounts/api-key-format.ts';
import { apiKeyStore } from '../../lambdas/accounts/api-key-store.ts';
import { openAccount } from '../../lambdas/accounts/open-account.ts';
import { minutes, timestamp } from '../../lambdas/platform/clock.ts';
import { documents } from '../../lambdas/platform/dynamodb.ts';
import { idempotencyStore } from '../../lambdas/platform/idempotency.ts';
import { newId, type WorkspaceId } from '../../lambdas/platform/ids.ts';
import { Secret } from '../../lambdas/platform/secret.ts';
import { createTables } from '../dynamodb.ts';

const pepper = new Secret('pepper');
const noon = Date.parse('2026-11-24T12:00:00.000Z');

const keyOf = (workspaceId: WorkspaceId, more: Partial<ApiKey> = {}): ApiKey => {
  const key = newApiKeyText(randomBytes);
  return {
    keyHash: hashOf(key, pepper),
    keyId: newId('key'),
    workspaceId,
    userId: newId('usr'),
    name: 'a key',
    prefix: 'cp_live_abc',
    scopes: ['jobs:read'],
    createdAt: timestamp(noon),
    ...more,
  };
};

describe('accounts', () => {
  let accounts: ReturnType<typeof accountStore>;
  beforeAll(async () => {
    const tables = await createTables('accounts');
    accounts = accountStore(documents(), tables.accounts);
  });

  const ada = { issuer: 'https://issuer.example.com', subject: 'ada' };
  const newAccount = () => ({
    user: { userId: newId('usr'), login: 'ada' },
    workspace: { workspaceId: newId('ws'), type: 'personal' as const, slug: 'ada' },
  });

  it('opens an account once per identity, and nothing of the second attempt stays', async () => {
    const [first, second] = [newAccount(), newAccount()];
    expect(await accounts.open(ada, first.user, first.workspace)).toBe(true);
    expect(await accounts.open(ada, second.user, second.workspace)).toBe(false);
    expect(await accounts.find(ada)).toEqual({
      userId: first.user.userId,
      workspaceId: first.workspace.workspaceId,
    });
    expect(await accounts.profile(second.user.userId)).toBeUndefined();
    expect(
      await accounts.membership(second.user.userId, second.workspace.workspaceId),
    ).toBeUndefined();
  });

  it('gives all of many first requests at once the same account', async () => {
    const grace = { issuer: 'https://issuer.example.com', subject: 'grace' };
    const opened = await Promise.all(
      Array.from({ length: 20 }, () => openAccount({ accounts, newId }, grace, { login: 'grace' })),
    );
    expect(new Set(opened.map((account) => JSON.stringify(account))).size).toBe(1);
  });

  it('takes the same subject of two issuers for two people', async () => {
    const deps = { accounts, newId };
    const here = await openAccount(deps, { issuer: 'https://a.example', subject: 'x' }, profile);
    const there = await openAccount(deps, { issuer: 'https://b.example', subject: 'x' }, profile);
    expect(here.userId).not.toBe(there.userId);
  });
  const profile = { login: 'x' };

  it('links a new identity, and leaves one that is taken with its account', async () => {
    const { userId, workspaceId } = await openAccount(
      { accounts, newId },
      { issuer: 'https://issuer.example.com', subject: 'lise' },
      { login: 'lise' },
    );
    const another = { issuer: 'https://other.example.com', subject: 'lise' };
    await accounts.link(another, { userId, workspaceId });
    expect(await accounts.find(another)).toEqual({ userId, workspaceId });
    await accounts.link(another, { userId: newId('usr'), workspaceId: newId('ws') });
    expect(await accounts.find(another)).toEqual({ userId, workspaceId });
  });
});

describe('API keys', () => {
  let keys: ReturnType<typeof apiKeyStore>;
  let idempotencyTable: string;
  beforeAll(async () => {
    const tables = await createTables('apiKeys', 'idempotency');
    keys = apiKeyStore(documents(), tables.apiKeys);
    idempotencyTable = tables.idempotency;
  });

  it('are found by their hash, with all that was kept', async () => {
    const key = keyOf(newId('ws'), { expiresAt: timestamp(noon), mintedBy: newId('key') });
    await keys.add(key);
    expect(await keys.find(key.keyHash)).toEqual(key);
    expect(await keys.findById(key.workspaceId, key.keyId)).toEqual(key);
  });

  it('are never overwritten', async () => {
    const key = keyOf(newId('ws'));
    await keys.add(key);
    await expect(keys.add({ ...key, workspaceId: newId('ws') })).rejects.toThrow();
    expect(await keys.find(key.keyHash)).toEqual(key);
  });

  it('are not found in another workspace', async () => {
    const key = keyOf(newId('ws'));
    await keys.add(key);
    expect(await keys.findById(newId('ws'), key.keyId)).toBeUndefined();
  });

  it('are removed once', async () => {
    const key = keyOf(newId('ws'));
    await keys.add(key);
    const removed = await Promise.all([keys.remove(key.keyHash), keys.remove(key.keyHash)]);
    expect(removed.sort()).toEqual([false, true]);
    expect(await keys.find(key.keyHash)).toBeUndefined();
  });

  it('are not added where a write beside them fails', async () => {
    const key = keyOf(newId('ws'));
    const answers = idempotencyStore(documents(), idempotencyTable, { now: () => noon });
    const answer = answers.put('taken', { fingerprint: 'f', body: {} });
    await keys.add(keyOf(newId('ws')), [answer]);
    await expect(keys.add(key, [answer])).rejects.toThrow();
    expect(await keys.find(key.keyHash)).toBeUndefined();
  });

  it('note their use at most once a minute', async () => {
    const key = keyOf(newId('ws'));
    await keys.add(key);
    const lastUse = async () => (await keys.find(key.keyHash))?.lastUsedAt;
    await keys.markUsed(key.keyHash, noon);
    await keys.markUsed(key.keyHash, noon + minutes(1) - 1);
    expect(await lastUse()).toBe(timestamp(noon));
    await keys.markUsed(key.keyHash, noon + minutes(1));
    expect(await lastUse()).toBe(timestamp(noon + minutes(1)));
  });

  it('are not brought back by a note that comes after their end', async () => {
    const key = keyOf(newId('ws'));
    await keys.add(key);
    await keys.remove(key.keyHash);
    await keys.markUsed(key.keyHash, noon);
    expect(await keys.find(key.keyHash)).toBeUndefined();
  });

  it('are listed newest first, one workspace at a time, on from any of them', async () => {
    const workspaceId = newId('ws');
    const ids = ['a', 'b', 'c', 'd', 'e'].map((end) => `key_${'0'.repeat(25)}${end}` as never);
    for (const keyId of ids) await keys.add(keyOf(workspaceId, { keyId }));
    await keys.add(keyOf(newId('ws')));
    const listed = async (limit: number, after?: string) =>
      (await keys.list(workspaceId, limit, after)).map((key) => key.keyId);
    expect(await listed(10)).toEqual([...ids].reverse());
    expect(await listed(2)).toEqual([ids[4], ids[3]]);
    expect(await listed(2, ids[3])).toEqual([ids[2], ids[1]]);
    expect(await keys.count(workspaceId)).toBe(5);
  });
});
