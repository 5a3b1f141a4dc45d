import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { unauthenticated } from '../platform/authentication.ts';
import type { Clock } from '../platform/clock.ts';
import { log } from '../platform/log.ts';
import { Problem } from '../platform/problems.ts';
import type { Identity, Profile } from './user.ts';

export interface TokenIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** Where the issuer publishes its keys. */
  readonly jwksUri: string;
}

/** Who someone is, as their token says. */
export type VerifyToken = (token: string) => Promise<{ identity: Identity; profile: Profile }>;

/** Signatures that the issuer alone can make; a shared secret or `none` is never one. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
];

/** How far the issuer's clock may be off. */
const clockToleranceSeconds = 5;

/**
 * Verifies OpenID Connect tokens that are JSON Web Tokens: signature, issuer, audience, and time.
 * The issuer's keys are fetched when first needed, and again when a token names one that is new.
 *
 * RFC 7519, RFC 9068.
 *
 * @throws Problem `unauthenticated`; `temporarily_unavailable` where the issuer gives no keys
 */
export function tokenVerifier(
  { issuer, audience, jwksUri }: TokenIssuer,
  clock: Clock,
): VerifyToken {
  const keys = createRemoteJWKSet(new URL(jwksUri));
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(clock.now()),
      });
      return { identity: { issuer, subject: payload.sub ?? '' }, profile: profileOf(payload) };
    } catch (error) {
      throw refusalOf(error);
    }
  };
}

/** Access tokens often carry no profile; the subject is always there. */
function profileOf(claims: JWTPayload): Profile {
  const text = (name: string) => {
    const value = claims[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const email = text('email');
  const avatar = text('picture');
  return {
    login: text('preferred_username') ?? email ?? claims.sub ?? '',
    ...(email !== undefined && { email }),
    ...(avatar !== undefined && { avatar }),
  };
}

function refusalOf(error: unknown): Problem {
  if (error instanceof errors.JWTExpired) {
    return unauthenticated('The token has expired. Sign in again.');
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return unauthenticated(`The token is not for this API: its claim "${error.claim}" is wrong.`);
  }
  const isTokensFault = [
    errors.JWTInvalid,
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
  ].some((kind) => error instanceof kind);
  if (isTokensFault) return unauthenticated('The token is not one that the issuer signed.');
  log.warn('oidc.keys_unreachable', { error: error as Error });
  return new Problem('temporarily_unavailable', {
    detail: 'The issuer of the token can not be asked for its keys right now. Try again shortly.',
    cause: error,
  });
}
