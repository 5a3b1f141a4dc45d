import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import type { DataFolder } from './data-folder.ts';
import { identityStore } from './identity-store.ts';
import { signInPage } from './sign-in-page.ts';

/** Where the front door serves it; the issuer is the front door's address with this path. */
export const mountPath = '/oidc';

/** The one person of the laptop. */
export const demoPerson = {
  subject: 'demo',
  profile: { login: 'demo', email: 'demo@example.com' },
} as const;

/** Public, with PKCE: a page in the browser keeps no secret (RFC 9700, section 2.1.1). */
export const dashboardClientId = 'dashboard';

/** As `lib/stages/laptop.ts` expects it in tokens. */
const audience = 'cybernetic-physics';

export interface IdentityProvider {
  /** For every request below `mountPath`. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): void;
}

/**
 * An OpenID Connect provider for one machine: authorization code with PKCE, access tokens that are
 * signed JSON Web Tokens, keys published at `/oidc/jwks`. Whoever is at this machine may be the
 * demo person.
 */
export async function identityProvider(
  frontDoorUrl: string,
  folder: DataFolder,
): Promise<IdentityProvider> {
  const keys = await keptKeys(folder);
  const { Store, close } = identityStore(folder.at('identity.sqlite'));
  const issuer = `${frontDoorUrl}${mountPath}`;
  const provider = new Provider(issuer, {
    ...configuration(frontDoorUrl, keys),
    adapter: Store,
  });
  const serve = provider.callback();
  return {
    async handle(request, response) {
      const below = Object.assign(request, {
        originalUrl: request.url,
        url: request.url?.slice(mountPath.length) || '/',
      });
      if (!below.url.startsWith('/sign-in/')) return serve(below, response);
      if (request.method !== 'POST') {
        response
          .setHeader('content-type', 'text/html; charset=utf-8')
          .end(signInPage(demoPerson.profile));
        return;
      }
      await provider.interactionFinished(below, response, {
        login: { accountId: demoPerson.subject },
      });
    },
    close,
  };
}

interface Keys {
  readonly signing: JWK;
  /** Signs cookies. */
  readonly cookies: string;
}

const keysFile = 'identity-keys.json';

async function keptKeys(folder: DataFolder): Promise<Keys> {
  const kept = await folder.readJson<Keys>(keysFile);
  if (kept) return kept;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = randomBytes(8).toString('hex');
  const keys = {
    signing: { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' },
    cookies: randomBytes(32).toString('hex'),
  };
  await folder.writeJson(keysFile, keys);
  return keys;
}

const configuration = (frontDoorUrl: string, { signing, cookies }: Keys): Configuration => ({
  jwks: { keys: [signing as never] },
  cookies: { keys: [cookies] },
  clients: [
    {
      client_id: dashboardClientId,
      token_endpoint_auth_method: 'none',
      redirect_uris: [`${frontDoorUrl}/signed-in`],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
  ],
  claims: { openid: ['sub'], email: ['email'], profile: ['preferred_username'] },
  scopes: ['openid', 'offline_access', 'email', 'profile'],
  pkce: { required: () => true },
  ttl: {
    AccessToken: 3600,
    IdToken: 3600,
    Interaction: 3600,
    Session: 14 * 86_400,
    Grant: 14 * 86_400,
    RefreshToken: 14 * 86_400,
  },
  findAccount: (_, subject) => ({
    accountId: subject,
    claims: () => ({ sub: subject, ...claims }),
  }),
  extraTokenClaims: () => claims,
  interactions: { url: (_, { uid }) => `${mountPath}/sign-in/${uid}` },
  // Who signs in here agrees: the only client is the platform's own.
  async loadExistingGrant({ oidc }) {
    const { client, session, provider } = oidc;
    if (!client || !session?.accountId) return undefined;
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid offline_access email profile');
    await grant.save();
    return grant;
  },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => frontDoorUrl,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: '',
        audience,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
});

const claims = {
  email: demoPerson.profile.email,
  preferred_username: demoPerson.profile.login,
};
