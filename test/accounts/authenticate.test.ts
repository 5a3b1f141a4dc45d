import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newApiKeyText } from '../../lambdas/accounts/api-key-format.ts';
import { authenticator } from '../../lambdas/accounts/authenticate.ts';
import { authenticationDeps } from '../../lambdas/accounts/authentication-deps.ts';
import { routes } from '../../lambdas/accounts/routes.ts';
import { minutes } from '../../lambdas/platform/clock.ts';
import { newId } from '../../lambdas/platform/ids.ts';
import { bearer, type Service, startService } from './service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const me = (headers: Record<string, string>) => service.call('GET', '/v1/me', { headers });
const createKey = async (headers: Record<string, string>): Promise<string> => {
  const body = { name: 'a key', scopes: ['jobs:read'] };
  return (await service.call('POST', '/v1/api-keys', { headers, body })).body.key;
};

describe('every route of accounts', () => {
  const refused: [string, Record<string, string>][] = [
    ['no credentials', {}],
    ['an empty header', { Authorization: '' }],
    ['another scheme', { Authorization: 'Basic bmF0YWxpYTpzZWNyZXQ=' }],
    ['a scheme alone', { Authorization: 'Bearer' }],
    ['two tokens', { Authorization: 'Bearer one two' }],
    ['a malformed key', bearer('cp_live_abc')],
    ['a key that was never made', bearer(newApiKeyText(randomBytes))],
    ['garbage', bearer('Жgarbage')],
  ];
  const cases = routes.flatMap((route) =>
    refused.map(([what, headers]) => ({ id: route.id, what, route, headers })),
  );

  it.each(cases)('$id refuses $what', async ({ route, headers }) => {
    const path = route.path.replace('{id}', newId('key'));
    const answer = await service.call(route.method, path, { headers });
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
    expect(answer.headers['WWW-Authenticate']).toMatch(/^Bearer/);
    expect(answer.headers['Content-Type']).toBe('application/problem+json');
  });

  it.each(routes)('$id refuses a revoked key', async (route) => {
    const person = await service.person('natalia');
    const body = { name: 'to revoke', scopes: ['jobs:read'] };
    const created = await service.call('POST', '/v1/api-keys', { headers: person, body });
    await service.call('DELETE', `/v1/api-keys/${created.body.id}`, { headers: person });
    const path = route.path.replace('{id}', created.body.id);
    const answer = await service.call(route.method, path, { headers: bearer(created.body.key) });
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
  });
});

describe('an API key', () => {
  it('with a typo is refused without asking anyone', async () => {
    const nowhere = 'http://127.0.0.1:9';
    const deps = authenticationDeps({
      ACCOUNTS_TABLE: 'none',
      API_KEYS_TABLE: 'none',
      IDEMPOTENCY_TABLE: 'none',
      API_KEY_PEPPER_SECRET_ARN: 'none',
      OIDC_ISSUER: nowhere,
      OIDC_AUDIENCE: 'none',
      OIDC_JWKS_URI: nowhere,
    });
    const key = newApiKeyText(randomBytes);
    const authorization = (text: string) => (name: string) =>
      name === 'authorization' ? `Bearer ${text}` : undefined;
    await expect(deps.authenticate(authorization(key))).rejects.not.toMatchObject({
      code: 'unauthenticated',
    });
    const typo = fc.tuple(fc.nat(49), fc.constantFrom(...'09AZaz_-.'));
    await fc.assert(
      fc.asyncProperty(typo, async ([position, character]) => {
        fc.pre(key[position] !== character);
        const mistyped = key.slice(0, position) + character + key.slice(position + 1);
        await expect(deps.authenticate(authorization(mistyped))).rejects.toMatchObject({
          code: 'unauthenticated',
        });
      }),
    );
  });

  it('works in its own workspace alone', async () => {
    const person = await service.person('natalia');
    const headers = bearer(await createKey(person));
    const workspaceId = (await me(headers)).body.activeWorkspaceId;
    expect((await me({ ...headers, 'X-Workspace-Id': workspaceId })).status).toBe(200);
    const answer = await me({ ...headers, 'X-Workspace-Id': newId('ws') });
    expect([answer.status, answer.body.code]).toEqual([403, 'workspace_forbidden']);
    expect(answer.body.detail).toContain(workspaceId);
  });

  it('is kept as nothing that could be used in its place', async () => {
    const person = await service.person('natalia');
    const key = await createKey(person);
    const workspaceId = (await me(person)).body.activeWorkspaceId;
    const kept = JSON.stringify(await service.deps.apiKeys.list(workspaceId, 100));
    expect(kept).not.toContain(key.slice(12));
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      expect(kept).not.toContain(createHash('sha256').update(key).digest(encoding));
    }
  });

  it.each([
    ['is slow', () => new Promise<void>(() => {})],
    ['fails', () => Promise.reject(new Error('the table is busy'))],
  ])('is answered at once where noting its use %s', async (_, markUsed) => {
    const key = await createKey(await service.person('natalia'));
    const { deps } = service;
    const authenticate = authenticator({ ...deps, apiKeys: { ...deps.apiKeys, markUsed } });
    const actor = await authenticate((name) =>
      name === 'authorization' ? `Bearer ${key}` : undefined,
    );
    expect(actor.scopes).toEqual(new Set(['jobs:read']));
  });
});

describe('a token', () => {
  const refuse = async (token: string, reason: RegExp) => {
    const answer = await me(bearer(token));
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
    expect(answer.body.detail).toMatch(reason);
  };
  const claims = { sub: 'natalia' };

  it('that has expired is refused', async () => {
    const expiresAt = service.clock.now() - minutes(1);
    await refuse(await service.issuer.token(claims, { expiresAt }), /has expired/);
  });

  it('of another issuer is refused', async () => {
    const issuer = 'https://elsewhere.example.com';
    await refuse(await service.issuer.token(claims, { issuer }), /"iss"/);
  });

  it('for another audience is refused', async () => {
    const audience = 'https://elsewhere.example.com';
    await refuse(await service.issuer.token(claims, { audience }), /"aud"/);
  });

  it('without a subject is refused', async () => {
    await refuse(await service.issuer.token({}), /"sub"/);
  });

  it('signed by someone else is refused', async () => {
    await refuse(await service.issuer.forgedToken(claims), /issuer signed/);
  });

  it('signed with a key that the issuer does not publish is refused', async () => {
    await refuse(await service.issuer.token(claims, { kid: 'unknown' }), /issuer signed/);
  });

  it('without a signature is refused', async () => {
    const { issuer, audience } = service.issuer;
    const unsigned = new UnsecuredJWT(claims).setIssuer(issuer).setAudience(audience);
    await refuse(unsigned.setExpirationTime('1h').encode(), /issuer signed/);
  });

  it("signed with the issuer's public key as if it were a shared secret is refused", async () => {
    const { issuer, audience, publicKey } = service.issuer;
    const confused = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'published' });
    const secret = new TextEncoder().encode(await exportSPKI(publicKey));
    const token = await confused
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime('1h')
      .sign(secret);
    await refuse(token, /issuer signed/);
  });

  it('with a changed claim is refused', async () => {
    const [header, , signature] = (await service.issuer.token(claims)).split('.');
    const [, payload] = (await service.issuer.token({ sub: 'otto' })).split('.');
    await refuse(`${header}.${payload}.${signature}`, /issuer signed/);
  });

  it('is answered that the issuer is away where its keys can not be had', async () => {
    const other = await startService();
    const headers = await other.person('natalia');
    await other.stop();
    const answer = await other.call('GET', '/v1/me', { headers });
    expect([answer.status, answer.body.code]).toEqual([503, 'temporarily_unavailable']);
    expect(answer.headers['x-should-retry']).toBe('true');
  });
});
