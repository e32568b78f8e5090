import {
  dropStaleIdempotentReplies,
  lookUpIdempotencyKey,
  saveIdempotentReply,
} from '../../src/store/idempotency.js';
import { generateKeyLine, Keyring } from '../../src/secrets/keyring.js';
import { sha256 } from '../../src/secrets/digest.js';
import { generateId } from '../../src/secrets/random.js';
import { openStore } from '../../src/store/open.js';
import { openTestStore, type TestStore, testFolders } from './open-test-store.js';

const REQUEST = { tokenId: '1token', key: 'deploy-42', requestHash: 'aa' };
const DAY_MS = 24 * 3_600_000;

let test: TestStore;
beforeEach(() => (test = openTestStore()));
afterEach(() => test[Symbol.dispose]());

describe('idempotency keys', () => {
  it('are new, then replay their answer, and are refused to another request', () => {
    expect(lookUpIdempotencyKey(test.store, REQUEST)).toEqual({ kind: 'new' });
    saveIdempotentReply(test.store, REQUEST, '{"status":201}');
    expect(lookUpIdempotencyKey(test.store, REQUEST)).toEqual({ kind: 'replay', reply: '{"status":201}' });
    expect(lookUpIdempotencyKey(test.store, { ...REQUEST, requestHash: 'bb' })).toEqual({ kind: 'reused' });
  });

  it('belong to one token', () => {
    saveIdempotentReply(test.store, REQUEST, '{}');
    expect(lookUpIdempotencyKey(test.store, { ...REQUEST, tokenId: '2token' })).toEqual({ kind: 'new' });
  });

  it('are kept for a day, then forgotten and cleared away', () => {
    saveIdempotentReply(test.store, REQUEST, '{}');
    test.clock.advance(DAY_MS - 1);
    expect(lookUpIdempotencyKey(test.store, REQUEST).kind).toBe('replay');
    test.clock.advance(1);
    expect(lookUpIdempotencyKey(test.store, REQUEST)).toEqual({ kind: 'new' });
    saveIdempotentReply(test.store, { ...REQUEST, key: 'another' }, '{}');
    expect(test.store.all('SELECT key FROM idempotency_keys')).toEqual([{ key: 'another' }]);
  });

  it('do not open under another key of the same token', () => {
    saveIdempotentReply(test.store, REQUEST, '{}');
    test.store.run(`UPDATE idempotency_keys SET key = 'moved'`);
    expect(() => lookUpIdempotencyKey(test.store, { ...REQUEST, key: 'moved' })).toThrow();
  });

  it('are dropped when an older key sealed their answers', () => {
    saveIdempotentReply(test.store, REQUEST, '{}');
    dropStaleIdempotentReplies(test.store);
    expect(lookUpIdempotencyKey(test.store, REQUEST).kind).toBe('replay');

    const sealer = Keyring.parse(generateKeyLine());
    const rotated = openStore(test.path, testFolders(test.folder), {
      clock: test.clock.read,
      sealer,
      sha256,
      generateId,
    });
    dropStaleIdempotentReplies(rotated);
    expect(lookUpIdempotencyKey(rotated, REQUEST)).toEqual({ kind: 'new' });
    rotated.close();
  });
});
