import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tokenVerifier } from '../../lambdas/accounts/verify-token.ts';
import { systemClock } from '../../lambdas/platform/clock.ts';

const audience = 'https://api.example.com';
const [clientId, clientSecret] = ['robot', 'a secret of the robot'];

let server: Server;
let issuer: string;
beforeAll(async () => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  server = createServer((request, response) => provider.callback()(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'one', alg: 'RS256', use: 'sig' }] },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    ttl: { ClientCredentials: 3600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: '',
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 3600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

it('an access token of a real OpenID Connect provider is accepted', async () => {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa(`${clientId}:${encodeURIComponent(clientSecret)}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience }),
  });
  const { access_token } = (await response.json()) as { access_token: string };
  const verify = tokenVerifier({ issuer, audience, jwksUri: `${issuer}/jwks` }, systemClock);
  expect(await verify(access_token)).toEqual({
    identity: { issuer, subject: clientId },
    profile: { login: clientId },
  });
});
