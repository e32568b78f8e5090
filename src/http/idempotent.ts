import { lookUpIdempotencyKey, saveIdempotentReply } from '../store/idempotency.js';
import type { Store } from '../store/store.js';
import type { ApiRequest, Reply, ScopeKind } from './endpoint.js';
import { Problem } from './problem.js';

const KEY = /^[\x21-\x7e]{1,255}$/;

type AnyRequest = ApiRequest<ScopeKind, unknown, unknown>;

export interface KeyedRequest {
  method: string;
  path: string;
  query: unknown;
  /** Or what it is told by. */
  body: unknown;
  key: string | undefined;
}

/**
 * Answers a POST that was answered before, under its `Idempotency-Key`, as it was then. Call it in the
 * transaction of the change: either the change and its answer are kept, or neither.
 */
export function idempotent(
  store: Store,
  { caller: { tokenId }, audit }: Pick<AnyRequest, 'caller' | 'audit'>,
  request: KeyedRequest,
  handle: () => Reply,
): Reply {
  const { method, path, query, body, key } = request;
  if (method !== 'post' || key === undefined) return handle();
  if (!KEY.test(key)) {
    throw new Problem('invalid_request', 'Idempotency-Key must be 1 to 255 visible ASCII characters', {
      errors: [
        { in: 'header', path: 'Idempotency-Key', detail: 'must be 1 to 255 visible ASCII characters' },
      ],
    });
  }
  const requestHash = store.sha256(JSON.stringify([path, query, body])).toString('hex');
  const outcome = lookUpIdempotencyKey(store, { tokenId, key, requestHash });
  switch (outcome.kind) {
    case 'replay':
      // It may hand out a secret once more.
      audit('request.replay', path, { key });
      return JSON.parse(outcome.reply) as Reply;
    case 'reused':
      throw new Problem('idempotency_key_reused', 'this key was used for another request: take a new one');
    case 'new': {
      const reply = handle();
      saveIdempotentReply(store, { tokenId, key, requestHash }, JSON.stringify(reply));
      return reply;
    }
  }
}
