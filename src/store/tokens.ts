import type { Role } from '../domain/roles.js';
import type { Token } from '../domain/records.js';
import { readPage, type Page, type PageRequest } from './page.js';
import type { Store } from './store.js';

/** How exact `lastUsedAt` is, so that reading does not mean writing. */
const LAST_USED_PRECISION_MS = 60_000;

const COLUMNS = `t.id, t.org, a.slug AS app, t.name, t.role, t.created_at AS createdAt, t.expires_at AS expiresAt,
  t.last_used_at AS lastUsedAt, t.revoked_at AS revokedAt`;
const FROM = 'FROM tokens t LEFT JOIN apps a ON a.id = t.app_id';

export interface NewToken {
  id: string;
  org: string | null;
  appId: string | null;
  name: string;
  role: Role;
  hash: Buffer;
  expiresAt: string | null;
}

export function insertToken(store: Store, token: NewToken): void {
  store.run(
    `INSERT INTO tokens (id, org, app_id, name, role, hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    token.id,
    token.org,
    token.appId,
    token.name,
    token.role,
    token.hash,
    store.now(),
    token.expiresAt,
  );
}

/** The token with this SHA-256, whether or not it may still be used. */
export function findTokenByHash(store: Store, hash: Buffer): (Token & { hash: Buffer }) | undefined {
  return store.get<Token & { hash: Buffer }>(`SELECT ${COLUMNS}, t.hash ${FROM} WHERE t.hash = ?`, hash);
}

export function findToken(store: Store, org: string, id: string): Token | undefined {
  return store.get<Token>(`SELECT ${COLUMNS} ${FROM} WHERE t.org = ? AND t.id = ?`, org, id);
}

/** The tokens of an org that were not revoked. */
export function listTokens(store: Store, org: string, page: PageRequest): Page<Token> {
  return readPage<Token>(
    store,
    {
      select: `SELECT ${COLUMNS} ${FROM} WHERE t.org = ? AND t.revoked_at IS NULL`,
      values: [org],
      orderBy: ['t.created_at', 't.id'],
      direction: 'ASC',
      keyOf: (token) => [token.createdAt, token.id],
    },
    page,
  );
}

export function revokeToken(store: Store, id: string): void {
  store.run('UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', store.now(), id);
}

export function touchToken(store: Store, token: Pick<Token, 'id' | 'lastUsedAt'>): void {
  if (token.lastUsedAt !== null && token.lastUsedAt > store.now(-LAST_USED_PRECISION_MS)) return;
  store.run('UPDATE tokens SET last_used_at = ? WHERE id = ?', store.now(), token.id);
}

/** Makes this the one token of the operator: whoever holds the file or the setting holds the host. */
export function replaceOperatorToken(store: Store, hash: Buffer): void {
  store.run(
    `INSERT INTO tokens (id, name, role, hash, created_at) VALUES ('operator', 'operator', 'operator', ?, ?)
     ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at WHERE hash <> excluded.hash`,
    hash,
    store.now(),
  );
}
