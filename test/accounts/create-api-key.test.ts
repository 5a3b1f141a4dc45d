import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { scopes } from '../../lambdas/platform/actor.ts';
import { days, hours, timestamp } from '../../lambdas/platform/clock.ts';
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

const create = (body: unknown, headers: Record<string, string> = person) =>
  service.call('POST', '/v1/api-keys', { headers, body });

describe('POST /v1/api-keys', () => {
  it('answers the key with all that is known of it', async () => {
    const answer = await create({
      name: 'claude-code-mcp',
      scopes: ['sessions:write', 'jobs:read'],
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^key_[0-9a-z]{26}$/),
      name: 'claude-code-mcp',
      prefix: answer.body.key.slice(0, 11),
      key: expect.stringMatching(/^cp_live_[0-9A-Za-z]{42}$/),
      scopes: ['sessions:write', 'jobs:read'],
      createdAt: expect.stringMatching(/^20\d\d-.*Z$/),
      expiresAt: null,
      lastUsedAt: null,
    });
  });

  it('gives a person each of the seven scopes', async () => {
    const answer = await create({ name: 'all', scopes });
    expect(answer.body.scopes).toEqual(scopes);
  });

  it('names a scope that was sent twice once', async () => {
    const answer = await create({ name: 'twice', scopes: ['jobs:read', 'jobs:read'] });
    expect(answer.body.scopes).toEqual(['jobs:read']);
  });

  it('makes keys that end when they were told to', async () => {
    const at = timestamp(service.clock.now() + hours(2));
    const dated = (await create({ name: 'dated', scopes, expiresAt: at })).body;
    expect(dated.expiresAt).toBe(at);
    const lasting = (await create({ name: 'lasting', scopes, expiresInDays: 3 })).body;
    const lifetime = Date.parse(lasting.expiresAt) - Date.parse(lasting.createdAt);
    expect(lifetime).toBe(days(3));

    const me = async (key: string) =>
      (await service.call('GET', '/v1/me', { headers: bearer(key) })).status;
    expect([await me(dated.key), await me(lasting.key)]).toEqual([200, 200]);
    service.clock.advance(hours(2));
    expect([await me(dated.key), await me(lasting.key)]).toEqual([401, 200]);
  });

  it('reads an expiry in any time zone', async () => {
    const answer = await create({ name: 'zone', scopes, expiresAt: '2999-01-01T02:00:00+02:00' });
    expect(answer.body.expiresAt).toBe('2999-01-01T00:00:00.000Z');
  });

  it('lets a key give away its own scopes, and no other', async () => {
    const parent = (await create({ name: 'parent', scopes: ['jobs:read', 'jobs:write'] })).body.key;
    const narrower = await create({ name: 'child', scopes: ['jobs:read'] }, bearer(parent));
    expect(narrower.status).toBe(201);
    const wider = { name: 'child', scopes: ['jobs:read', 'isaac:execute'] };
    const answer = await create(wider, bearer(parent));
    expect([answer.status, answer.body.code]).toEqual([403, 'insufficient_scope']);
    expect(answer.body.detail).toContain('isaac:execute');
  });

  it('answers a repeated request which key it made, and makes no other', async () => {
    const headers = { ...(await service.person('repeats')), 'Idempotency-Key': 'once' };
    const body = { name: 'repeated', scopes: ['jobs:read'] };
    const first = await create(body, headers);
    expect([first.status, first.headers['Idempotency-Replayed']]).toEqual([201, 'false']);
    const second = await create(body, headers);
    expect([second.status, second.body.code]).toEqual([409, 'api_key_already_created']);
    expect(second.headers['Idempotency-Replayed']).toBe('true');
    expect(second.body.detail).toContain(first.body.id);
    expect(JSON.stringify(second.body)).not.toContain(first.body.key);
    const listed = await service.call('GET', '/v1/api-keys', { headers });
    expect(listed.body.total).toBe(1);
  });

  it('makes one key of many equal requests at once', async () => {
    const headers = { ...(await service.person('hurries')), 'Idempotency-Key': 'at-once' };
    const body = { name: 'hurried', scopes: ['jobs:read'] };
    const answers = await Promise.all(Array.from({ length: 8 }, () => create(body, headers)));
    const created = answers.filter((answer) => answer.status === 201);
    const told = answers.filter((answer) => answer.body.code === 'api_key_already_created');
    expect([created.length, told.length]).toEqual([1, 7]);
    const listed = await service.call('GET', '/v1/api-keys', { headers });
    expect(listed.body.items.map((key: { id: string }) => key.id)).toEqual([created[0]?.body.id]);
  });

  it('refuses an idempotency key that came with another body', async () => {
    const headers = { ...person, 'Idempotency-Key': 'reused' };
    await create({ name: 'one', scopes: ['jobs:read'] }, headers);
    const answer = await create({ name: 'other', scopes: ['jobs:read'] }, headers);
    expect([answer.status, answer.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  const past = '2020-01-01T00:00:00Z';
  it.each([
    ['no name', { scopes: ['jobs:read'] }, '/name'],
    ['an empty name', { name: ' ', scopes: ['jobs:read'] }, '/name'],
    ['a name of 101 characters', { name: 'n'.repeat(101), scopes: ['jobs:read'] }, '/name'],
    ['a name that is a number', { name: 7, scopes: ['jobs:read'] }, '/name'],
    ['no scopes', { name: 'n' }, '/scopes'],
    ['an empty list of scopes', { name: 'n', scopes: [] }, '/scopes'],
    ['a scope that does not exist', { name: 'n', scopes: ['jobs:admin'] }, '/scopes/0'],
    ['an expiry in the past', { name: 'n', scopes, expiresAt: past }, '/expiresAt'],
    ['an expiry that is no time', { name: 'n', scopes, expiresAt: 'soon' }, '/expiresAt'],
    ['a life of no days', { name: 'n', scopes, expiresInDays: 0 }, '/expiresInDays'],
    ['a life of half a day', { name: 'n', scopes, expiresInDays: 0.5 }, '/expiresInDays'],
    ['a life of eleven years', { name: 'n', scopes, expiresInDays: 4015 }, '/expiresInDays'],
    [
      'two expiries',
      { name: 'n', scopes, expiresInDays: 1, expiresAt: '2999-01-01T00:00:00Z' },
      '/expiresInDays',
    ],
    ['a field that does not exist', { name: 'n', scopes, admin: true }, ''],
    ['a list', [], ''],
    ['null', 'null', ''],
  ])('refuses %s and says how to mend it', async (_, body, pointer) => {
    const answer = await create(body);
    expect([answer.status, answer.body.code]).toEqual([422, 'validation_failed']);
    expect(answer.body.errors[0]).toMatchObject({ pointer });
    expect(answer.body.errors[0].fix).toMatch(/\S/);
  });

  it('refuses garbage as malformed JSON', async () => {
    const answer = await create('{"name":');
    expect([answer.status, answer.body.code]).toEqual([400, 'malformed_json']);
  });

  it('refuses a body that is no JSON by its type', async () => {
    const answer = await create('name=n', { ...person, 'Content-Type': 'text/plain' });
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('refuses a body of more than 256 KiB', async () => {
    const answer = await create({ name: 'n'.repeat(256 * 1024), scopes });
    expect([answer.status, answer.body.code]).toEqual([413, 'body_too_large']);
  });
});
