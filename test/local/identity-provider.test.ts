import { createHash, randomBytes } from 'node:crypto';
import { expect, inject, it } from 'vitest';
import { dashboardClientId } from '../../local/identity-provider.ts';

const { baseUrl } = inject('credentials');
const redirectUri = `${baseUrl}/signed-in`;

/** Follows redirects with cookies, as a browser would, until one leads out of `/oidc`. */
async function browse(url: string, init: RequestInit, cookies: Map<string, string>) {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } });
  for (const line of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    cookies.set(name, value);
  }
  const location = response.headers.get('location');
  return { response, next: location && new URL(location, url).href };
}

async function signIn(): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const cookies = new Map<string, string>();
  const asked = new URL(`${baseUrl}/oidc/auth`);
  asked.search = new URLSearchParams({
    client_id: dashboardClientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid email profile',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  let { response, next } = await browse(asked.href, {}, cookies);
  expect(next).toContain('/oidc/sign-in/');
  const page = next ?? '';
  ({ response } = await browse(page, {}, cookies));
  expect(await response.text()).toContain('Sign in as demo');
  ({ next } = await browse(page, { method: 'POST' }, cookies));
  while (next && !next.startsWith(redirectUri)) ({ next } = await browse(next, {}, cookies));
  const code = new URL(next ?? '').searchParams.get('code') ?? '';
  const tokens = await fetch(`${baseUrl}/oidc/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: dashboardClientId,
      redirect_uri: redirectUri,
      code,
      code_verifier: verifier,
    }),
  });
  const { access_token } = (await tokens.json()) as { access_token: string };
  return access_token;
}

it('who signs in on the laptop is the demo person to the API, in the demo workspace', async () => {
  const response = await fetch(`${baseUrl}/v1/me`, {
    headers: { authorization: `Bearer ${await signIn()}` },
  });
  expect(await response.json()).toMatchObject({
    user: { login: 'demo', email: 'demo@example.com' },
    activeWorkspaceId: inject('credentials').workspaceId,
  });
});

it('a code is worth nothing without the verifier that it was asked for with', async () => {
  const response = await fetch(`${baseUrl}/oidc/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: dashboardClientId,
      redirect_uri: redirectUri,
      code: 'made-up',
    }),
  });
  expect(response.status).toBe(400);
});
