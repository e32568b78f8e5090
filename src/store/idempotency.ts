import type { Store } from './store.js';

/** How long an answer can be asked for again. */
const KEPT_MS = 24 * 3_600_000;

/** What a key was used for: by whom, and with which request. */
export interface IdempotentRequest {
  tokenId: string;
  key: string;
  /** Hex SHA-256 of the path, the query and what the body is told by. */
  requestHash: string;
}

export type IdempotentOutcome = { kind: 'new' } | { kind: 'reused' } | { kind: 'replay'; reply: string };

/** Whether this key was used before, for this request or for another. Call it in the request's transaction. */
export function lookUpIdempotencyKey(
  store: Store,
  { tokenId, key, requestHash }: IdempotentRequest,
): IdempotentOutcome {
  const row = findAnswer(store, { tokenId, key });
  if (!row) return { kind: 'new' };
  if (row.requestHash !== requestHash) return { kind: 'reused' };
  return { kind: 'replay', reply: store.sealer.open(row.replySealed, placeOf(tokenId, key)) };
}

/** Whether there is an answer under this key, whatever the request was. */
export function isIdempotencyKeyUsed(
  store: Store,
  used: Pick<IdempotentRequest, 'tokenId' | 'key'>,
): boolean {
  return findAnswer(store, used) !== undefined;
}

/** Keeps the answer, in the transaction of the change it tells of. */
export function saveIdempotentReply(
  store: Store,
  { tokenId, key, requestHash }: IdempotentRequest,
  reply: string,
): void {
  store.run('DELETE FROM idempotency_keys WHERE created_at <= ?', store.now(-KEPT_MS));
  store.run(
    `INSERT INTO idempotency_keys (token_id, key, request_hash, reply_sealed, created_at) VALUES (?, ?, ?, ?, ?)`,
    tokenId,
    key,
    requestHash,
    store.sealer.seal(reply, placeOf(tokenId, key)),
    store.now(),
  );
}

/** Drops the answers that a key sealed which is not the active one: they are worth less than rotating it. */
export function dropStaleIdempotentReplies(store: Store): void {
  store.run(
    `DELETE FROM idempotency_keys WHERE reply_sealed NOT LIKE 'v1.' || ? || '.%'`,
    store.sealer.activeKeyId,
  );
}

function findAnswer(store: Store, { tokenId, key }: Pick<IdempotentRequest, 'tokenId' | 'key'>) {
  return store.get<{ requestHash: string; replySealed: string }>(
    `SELECT request_hash AS requestHash, reply_sealed AS replySealed FROM idempotency_keys
     WHERE token_id = ? AND key = ? AND created_at > ?`,
    tokenId,
    key,
    store.now(-KEPT_MS),
  );
}

function placeOf(tokenId: string, key: string) {
  return { table: 'idempotency_keys', row: `${tokenId}/${key}`, column: 'reply_sealed' };
}
