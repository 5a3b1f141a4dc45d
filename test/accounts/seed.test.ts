import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seedDemoAccount } from '../../lambdas/accounts/seed.ts';
import { scopes } from '../../lambdas/platform/actor.ts';
import { bearer, type Service, startService } from './service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

let subject: string;
let count = 0;
beforeEach(() => {
  count += 1;
  subject = `demo-${count}`;
});

const identity = () => ({ issuer: service.issuer.issuer, subject });
const seed = (keptKey?: string) =>
  seedDemoAccount(service.deps, identity(), { login: 'demo' }, keptKey);
const me = async (headers: Record<string, string>) =>
  (await service.call('GET', '/v1/me', { headers })).body;

describe('the demo account', () => {
  it('has a key with every scope', async () => {
    const { apiKey, workspaceId } = await seed();
    expect((await me(bearer(apiKey))).activeWorkspaceId).toBe(workspaceId);
    const { body } = await service.call('GET', '/v1/api-keys', { headers: bearer(apiKey) });
    expect(body.items[0].scopes).toEqual(scopes);
  });

  it('is the one that its person finds when they sign in', async () => {
    const demo = await seed();
    const person = await me(await service.person(subject));
    expect(person.user).toMatchObject({ userId: demo.userId, login: 'demo' });
    expect(person.activeWorkspaceId).toBe(demo.workspaceId);
  });

  it('is made once, and so is its key', async () => {
    const first = await seed();
    const second = await seed(first.apiKey);
    expect(second).toEqual(first);
    expect(await service.deps.apiKeys.count(first.workspaceId)).toBe(1);
  });

  it('stays the same where its key was lost, and gets another key', async () => {
    const first = await seed();
    for (const useless of [undefined, 'cp_live_nonsense', '']) {
      const again = await seed(useless);
      expect([again.userId, again.workspaceId]).toEqual([first.userId, first.workspaceId]);
      expect(again.apiKey).not.toBe(first.apiKey);
    }
  });

  it('stays the same where its person signs in under another name', async () => {
    const first = await seed();
    subject = `${subject}-renamed`;
    expect(await seed(first.apiKey)).toEqual(first);
    expect((await me(await service.person(subject))).user.userId).toBe(first.userId);
  });
});
