import { sha256 } from '../../src/secrets/digest.js';
import { deleteApp, findApp, listApps } from '../../src/store/apps.js';
import { ensureDefaultOrg, findOrg, listOrgs, updateOrg } from '../../src/store/orgs.js';
import {
  findToken,
  findTokenByHash,
  insertToken,
  listTokens,
  replaceOperatorToken,
  revokeToken,
  touchToken,
} from '../../src/store/tokens.js';
import { openTestStore, type TestStore } from './open-test-store.js';
import { defined, sampleApp } from './sample-rows.js';

const ALL = { limit: 100, cursor: null };

let test: TestStore;
beforeEach(() => (test = openTestStore()));
afterEach(() => test[Symbol.dispose]());

function sampleToken(text: string, { org = 'acme', appId = null as string | null } = {}): string {
  const id = test.store.newId();
  insertToken(test.store, {
    id,
    org,
    appId,
    name: text,
    role: 'member',
    hash: sha256(text),
    expiresAt: null,
  });
  return id;
}

describe('tokens', () => {
  it('are found by their hash, and hold nothing else of the secret', () => {
    sampleApp(test.store);
    const id = sampleToken('the secret');
    expect(findTokenByHash(test.store, sha256('the secret'))).toMatchObject({
      id,
      org: 'acme',
      role: 'member',
    });
    expect(findTokenByHash(test.store, sha256('another'))).toBeUndefined();
  });

  it('are found by id in their own org only', () => {
    sampleApp(test.store);
    sampleApp(test.store, { org: 'globex' });
    const id = sampleToken('the secret');
    expect(findToken(test.store, 'acme', id)?.id).toBe(id);
    expect(findToken(test.store, 'globex', id)).toBeUndefined();
  });

  it('are listed until they are revoked; the first revocation holds', () => {
    sampleApp(test.store);
    const id = sampleToken('the secret');
    expect(listTokens(test.store, 'acme', ALL).data).toHaveLength(1);
    revokeToken(test.store, id);
    const revokedAt = test.store.now();
    test.clock.advance(1000);
    revokeToken(test.store, id);
    expect(findToken(test.store, 'acme', id)?.revokedAt).toBe(revokedAt);
    expect(listTokens(test.store, 'acme', ALL).data).toEqual([]);
  });

  it('keep their last use to the minute, so that reading is not writing', () => {
    sampleApp(test.store);
    const id = sampleToken('the secret');
    const use = () => {
      touchToken(test.store, defined(findToken(test.store, 'acme', id)));
      return findToken(test.store, 'acme', id)?.lastUsedAt;
    };
    const first = test.store.now();
    expect(use()).toBe(first);
    test.clock.advance(59_999);
    expect(use()).toBe(first);
    test.clock.advance(1);
    expect(use()).toBe(test.store.now());
  });

  it('must have an org unless they are the operator’s', () => {
    expect(() =>
      insertToken(test.store, {
        id: '1',
        org: null,
        appId: null,
        name: 'x',
        role: 'owner',
        hash: sha256('x'),
        expiresAt: null,
      }),
    ).toThrow(/CHECK/);
  });
});

describe('the operator’s token', () => {
  it('is one: another takes its place', () => {
    replaceOperatorToken(test.store, sha256('old'));
    replaceOperatorToken(test.store, sha256('new'));
    expect(findTokenByHash(test.store, sha256('old'))).toBeUndefined();
    expect(findTokenByHash(test.store, sha256('new'))).toMatchObject({ id: 'operator', org: null });
  });

  it('keeps its age when it stays the same', () => {
    replaceOperatorToken(test.store, sha256('same'));
    const createdAt = test.store.now();
    test.clock.advance(1000);
    replaceOperatorToken(test.store, sha256('same'));
    expect(findTokenByHash(test.store, sha256('same'))?.createdAt).toBe(createdAt);
  });
});

describe('apps', () => {
  it('are hidden once deleted, with their tokens revoked and the org’s kept', () => {
    const app = sampleApp(test.store);
    const ofApp = sampleToken('of the app', { appId: app.id });
    const ofOrg = sampleToken('of the org');
    deleteApp(test.store, app);
    expect(findApp(test.store, 'acme', 'web')).toBeUndefined();
    expect(listApps(test.store, 'acme', ALL).data).toEqual([]);
    expect(findToken(test.store, 'acme', ofApp)?.revokedAt).toBe(test.store.now());
    expect(findToken(test.store, 'acme', ofOrg)?.revokedAt).toBeNull();
  });

  it('can be made again under the same slug, as another app', () => {
    const app = sampleApp(test.store);
    deleteApp(test.store, app);
    expect(sampleApp(test.store).id).not.toBe(app.id);
  });
});

describe('orgs', () => {
  it('have a default that is made once and keeps its changes', () => {
    ensureDefaultOrg(test.store);
    expect(findOrg(test.store, 'default')).toMatchObject({ plan: 'enterprise', status: 'ready' });
    updateOrg(test.store, 'default', { plan: 'team', status: 'suspended' });
    ensureDefaultOrg(test.store);
    expect(findOrg(test.store, 'default')).toMatchObject({ plan: 'team', status: 'suspended' });
    expect(listOrgs(test.store, ALL).data).toHaveLength(1);
  });
});
