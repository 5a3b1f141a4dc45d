import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bearer, type Service, startService } from './service.ts';

let service: Service;
let person: Record<string, string>;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());
beforeEach(async () => {
  person = await service.person('natalia');
});

const create = async (headers: Record<string, string>): Promise<{ id: string; key: string }> => {
  const body = { name: 'a key', scopes: ['jobs:read'] };
  return (await service.call('POST', '/v1/api-keys', { headers, body })).body;
};
const revoke = (id: string, headers: Record<string, string>) =>
  service.call('DELETE', `/v1/api-keys/${encodeURIComponent(id)}`, { headers });
const works = async (key: string) =>
  (await service.call('GET', '/v1/me', { headers: bearer(key) })).status === 200;

describe('DELETE /v1/api-keys/{id}', () => {
  it('lets a person revoke any key of the workspace, dead on the very next request', async () => {
    const parent = await create(person);
    const child = await create(bearer(parent.key));
    expect([await works(parent.key), await works(child.key)]).toEqual([true, true]);
    const answer = await revoke(child.id, person);
    expect([answer.status, answer.body]).toEqual([200, { id: child.id, revoked: true }]);
    expect([await works(parent.key), await works(child.key)]).toEqual([true, false]);
  });

  it('lets a key of any scope revoke itself', async () => {
    const { id, key } = await create(person);
    expect((await revoke(id, bearer(key))).status).toBe(200);
    const again = await revoke(id, bearer(key));
    expect([again.status, again.body.code]).toEqual([401, 'unauthenticated']);
  });

  it('lets a key revoke the keys that it created', async () => {
    const parent = await create(person);
    const child = await create(bearer(parent.key));
    expect((await revoke(child.id, bearer(parent.key))).status).toBe(200);
    expect(await works(child.key)).toBe(false);
  });

  it('lets a key revoke neither its siblings nor its parent', async () => {
    const parent = await create(person);
    const [one, other] = [await create(bearer(parent.key)), await create(bearer(parent.key))];
    for (const { id } of [other, parent]) {
      const answer = await revoke(id, bearer(one.key));
      expect([answer.status, answer.body.code]).toEqual([403, 'api_key_forbidden']);
    }
    expect([await works(other.key), await works(parent.key)]).toEqual([true, true]);
  });

  it('is gone from the list', async () => {
    const { id } = await create(person);
    await revoke(id, person);
    const { body } = await service.call('GET', '/v1/api-keys', { headers: person });
    expect(body.items.map((item: { id: string }) => item.id)).not.toContain(id);
  });

  it("answers the same for another workspace's key, an unknown one and a text that is no id", async () => {
    const foreign = await create(await service.person('otto'));
    const revoked = await create(person);
    await revoke(revoked.id, person);
    const ids = [
      foreign.id,
      revoked.id,
      'key_00000000000000000000000000',
      'nonsense',
      '../me',
      ' ',
    ];
    for (const id of ids) {
      const { status, body } = await revoke(id, person);
      expect([status, body.code]).toEqual([404, 'not_found']);
      expect(body.detail).toBe(
        `This workspace has no API key ${id}. GET /v1/api-keys lists those it has.`,
      );
    }
    expect(await works(foreign.key)).toBe(true);
  });

  it('revokes once of two requests at once', async () => {
    const { id } = await create(person);
    const answers = await Promise.all([revoke(id, person), revoke(id, person)]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 404]);
  });
});
