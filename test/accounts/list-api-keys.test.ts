import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, type Service, startService } from './service.ts';

let service: Service;
let person: Record<string, string>;
const created: { id: string; key: string }[] = [];
beforeAll(async () => {
  service = await startService();
  person = await service.person('natalia');
  for (const name of ['one', 'two', 'three']) {
    created.unshift((await create(person, name)).body);
  }
  await create(await service.person('otto'), "someone else's");
});
afterAll(() => service.stop());

const create = (headers: Record<string, string>, name: string) =>
  service.call('POST', '/v1/api-keys', { headers, body: { name, scopes: ['jobs:read'] } });
const list = (query: Record<string, string> = {}, headers = person) =>
  service.call('GET', '/v1/api-keys', { headers, query });
const idsOf = (items: { id: string }[]) => items.map((item) => item.id);

describe('GET /v1/api-keys', () => {
  it('lists the keys of the workspace, the newest first', async () => {
    const { status, body } = await list();
    expect(status).toBe(200);
    expect(idsOf(body.items)).toEqual(idsOf(created));
    expect(body).toMatchObject({ total: 3, page: 1, pageSize: 25, hasMore: false });
  });

  it('shows neither a key nor its hash', async () => {
    const { body } = await list();
    for (const item of body.items) {
      expect(Object.keys(item).sort()).toEqual(
        ['createdAt', 'expiresAt', 'id', 'lastUsedAt', 'name', 'prefix', 'scopes'].sort(),
      );
    }
    for (const { key } of created) expect(JSON.stringify(body)).not.toContain(key);
  });

  it('goes on by page and by cursor alike', async () => {
    const first = (await list({ pageSize: '2' })).body;
    expect([idsOf(first.items), first.hasMore]).toEqual([idsOf(created.slice(0, 2)), true]);
    const byPage = (await list({ pageSize: '2', page: '2' })).body;
    const byCursor = (await list({ pageSize: '2', cursor: first.nextCursor })).body;
    expect(idsOf(byPage.items)).toEqual(idsOf(created.slice(2)));
    expect(idsOf(byCursor.items)).toEqual(idsOf(created.slice(2)));
    expect(byCursor).toMatchObject({ hasMore: false, nextCursor: null });
  });

  it('answers a key like the person', async () => {
    const [newest] = created;
    const { body } = await list({}, bearer(newest?.key ?? ''));
    expect(idsOf(body.items)).toEqual(idsOf(created));
  });

  it('shows when a key was used last, to the minute', async () => {
    const [newest] = created;
    const lastUse = async () => (await list()).body.items[0].lastUsedAt;
    await list({}, bearer(newest?.key ?? ''));
    await expect.poll(lastUse).toMatch(/^20\d\d-/);
    const noted = await lastUse();
    await list({}, bearer(newest?.key ?? ''));
    expect(await lastUse()).toBe(noted);
  });

  it.each([
    ['a page that is no number', { page: 'x' }, 'validation_failed'],
    ['page 0', { page: '0' }, 'validation_failed'],
    ['more than 100 at once', { pageSize: '101' }, 'validation_failed'],
    ['an unknown parameter', { limit: '5' }, 'validation_failed'],
    ['a cursor that is not ours', { cursor: 'garbage' }, 'cursor_invalid'],
    ['a page too deep', { page: '1000', pageSize: '100' }, 'page_too_deep'],
  ])('refuses %s', async (_, query, code) => {
    const answer = await list(query as unknown as Record<string, string>);
    expect([answer.status, answer.body.code]).toEqual([422, code]);
  });
});
