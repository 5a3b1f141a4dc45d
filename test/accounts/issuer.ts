import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { type Clock, epochSeconds, hours } from '../../lambdas/platform/clock.ts';

export const audience = 'https://api.example.com';

interface TokenOptions {
  readonly issuer?: string;
  readonly audience?: string;
  /** Milliseconds since the epoch; an hour from now unless told. */
  readonly expiresAt?: number;
  readonly kid?: string;
}

/** An issuer of tokens that publishes its keys over HTTP, as every OpenID Connect provider does. */
export async function startIssuer(clock: Clock) {
  const published = await generateKeyPair('RS256');
  const stranger = await generateKeyPair('RS256');
  const kid = 'published';
  const jwks = { keys: [{ ...(await exportJWK(published.publicKey)), kid, alg: 'RS256' }] };
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sign =
    (key: CryptoKey) =>
    (claims: JWTPayload, options: TokenOptions = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: options.kid ?? kid })
        .setIssuer(options.issuer ?? url)
        .setAudience(options.audience ?? audience)
        .setIssuedAt(epochSeconds(clock.now()))
        .setExpirationTime(epochSeconds(options.expiresAt ?? clock.now() + hours(1)))
        .sign(key);
  return {
    issuer: url,
    audience,
    jwksUri: `${url}/jwks`,
    token: sign(published.privateKey),
    /** Signed with a key that the issuer does not have, under the name of one that it has. */
    forgedToken: sign(stranger.privateKey),
    publicKey: published.publicKey,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

export type Issuer = Awaited<ReturnType<typeof startIssuer>>;
