import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, type Service, startService } from './service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

describe('GET /v1/me', () => {
  it('makes a user with a personal workspace of whoever signs in for the first time', async () => {
    const claims = { email: 'natalia@example.com', picture: 'https://example.com/natalia.png' };
    const natalia = await service.person('natalia', claims);
    const first = await service.call('GET', '/v1/me', { headers: natalia });
    expect(first.status).toBe(200);
    const workspaceId = first.body.activeWorkspaceId;
    expect(first.body).toEqual({
      user: {
        userId: expect.stringMatching(/^usr_[0-9a-z]{26}$/),
        login: 'natalia',
        email: 'natalia@example.com',
        avatar: 'https://example.com/natalia.png',
      },
      workspaces: [{ id: workspaceId, type: 'personal', slug: 'natalia', role: 'owner' }],
      activeWorkspaceId: expect.stringMatching(/^ws_[0-9a-z]{26}$/),
    });
    const again = await service.call('GET', '/v1/me', { headers: natalia });
    expect(again.body).toEqual(first.body);
  });

  it('answers a key of any one scope with the person who created it', async () => {
    const headers = await service.person('ines');
    const person = await service.call('GET', '/v1/me', { headers });
    const created = await service.call('POST', '/v1/api-keys', {
      headers,
      body: { name: 'narrow', scopes: ['isaac:read'] },
    });
    const key = await service.call('GET', '/v1/me', { headers: bearer(created.body.key) });
    expect(key.status).toBe(200);
    expect(key.body).toEqual(person.body);
  });

  it('has a login even for tokens that carry no profile', async () => {
    const headers = bearer(await service.issuer.token({ sub: 'client-7' }));
    const { body } = await service.call('GET', '/v1/me', { headers });
    expect(body.user).toMatchObject({ login: 'client-7', email: null, avatar: null });
    expect(body.workspaces[0].slug).toBe('client-7');
  });

  it('works in the workspace that X-Workspace-Id names, for its members alone', async () => {
    const headers = await service.person('mara');
    const mine = (await service.call('GET', '/v1/me', { headers })).body.activeWorkspaceId;
    const theirs = (await service.call('GET', '/v1/me', { headers: await service.person('otto') }))
      .body.activeWorkspaceId;
    const within = (workspace: string) =>
      service.call('GET', '/v1/me', { headers: { ...headers, 'X-Workspace-Id': workspace } });
    expect((await within(mine)).body.activeWorkspaceId).toBe(mine);
    for (const foreign of [theirs, 'ws_00000000000000000000000000', 'mara', '']) {
      const answer = await within(foreign);
      expect([answer.status, answer.body.code]).toEqual([403, 'workspace_forbidden']);
    }
  });

  it('answers a problem to methods that it does not have', async () => {
    const answer = await service.call('PATCH', '/v1/me');
    expect([answer.status, answer.body.code]).toEqual([404, 'route_not_found']);
  });
});
