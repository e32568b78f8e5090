import { findTokenByHash, touchToken } from '../store/tokens.js';
import type { ApiDeps } from './api-deps.js';
import type { Caller } from './endpoint.js';
import { Problem } from './problem.js';

const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i;

/**
 * Finds out who is asking. Tokens are looked up by their SHA-256: what an attacker could learn from the time
 * of an index lookup is bits of the hash of a guess, which lead to no token.
 */
export function authenticate(
  { store, sameDigest }: Pick<ApiDeps, 'store' | 'sameDigest'>,
  authorization: string | undefined,
): Caller {
  const bearer = BEARER.exec(authorization ?? '')?.[1];
  if (bearer === undefined) {
    throw unauthorized('send the header "Authorization: Bearer <token>"');
  }
  const hash = store.sha256(bearer);
  const token = findTokenByHash(store, hash);
  if (!token || !sameDigest(hash, token.hash) || token.revokedAt !== null) {
    throw unauthorized('this token is not known here, or was revoked');
  }
  if (token.expiresAt !== null && token.expiresAt <= store.now()) {
    throw unauthorized(`this token expired at ${token.expiresAt}: ask for a new one`);
  }
  touchToken(store, token);
  return { tokenId: token.id, org: token.org, app: token.app, role: token.role };
}

function unauthorized(detail: string): Problem {
  return new Problem('unauthorized', detail, { headers: { 'WWW-Authenticate': 'Bearer realm="paasdb"' } });
}
