import { ROLES, ORG_ROLES, includesRole, type OrgRole } from '../../src/domain/roles.js';
import { pathOf, type AnyEndpoint } from '../../src/http/endpoint.js';
import type { Store } from '../../src/store/store.js';
import { revokeToken } from '../../src/store/tokens.js';
import { readyDatabase, sampleApp } from '../store/sample-rows.js';
import { bootApi, issueToken, type BootedApi } from './boot-api.js';
import { endpointTable } from './endpoint-table.js';

type Params = Record<string, string>;

const OWN: Params = { org: 'acme', app: 'web', db: 'main', id: '0unknown' };
const HOUR_MS = 3_600_000;

const table = endpointTable().map((endpoint) => ({
  endpoint,
  title: `${endpoint.method.toUpperCase()} ${pathOf(endpoint)}`,
}));
const inAnOrg = table.filter(({ endpoint }) => endpoint.scope !== 'host');
const inAnApp = table.filter(({ endpoint }) => endpoint.scope === 'app' || endpoint.scope === 'database');
const onADatabase = table.filter(({ endpoint }) => endpoint.scope === 'database');
const onTheOrg = table.filter(({ endpoint }) => endpoint.scope === 'org');

const fill = (endpoint: AnyEndpoint, params: Params) =>
  pathOf(endpoint).replace(/:(\w+)/g, (_, name: string) => params[name] ?? '0unknown');

const tooLow = (endpoint: AnyEndpoint) => ORG_ROLES.filter((role) => !includesRole(role, endpoint.role));

/** Every row of every table, but for when a token was used last. */
function contentOf(store: Store): unknown {
  const tables = store.all<{ name: string }>(
    `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`,
  );
  return tables.map(({ name }) => ({
    name,
    rows: store
      .all<Record<string, unknown>>(`SELECT * FROM ${name} ORDER BY rowid`)
      .map(({ last_used_at: _, ...row }) => row),
  }));
}

describe('a request that may not', () => {
  let api: BootedApi;
  let before: unknown;
  let expired: string;
  let revoked: string;
  /** Ids of databases that are not of acme/web. */
  let elsewhere: string[];

  beforeAll(async () => {
    api = await bootApi();
    const { store, clock } = api;
    await api.readyDatabase();
    elsewhere = [
      readyDatabase(store, { app: sampleApp(store, { slug: 'shop' }), name: 'theirs' }).id,
      readyDatabase(store, { app: sampleApp(store, { org: 'globex' }), name: 'theirs' }).id,
    ];
    expired = issueToken(store, { org: 'acme', role: 'owner', expiresAt: store.now(HOUR_MS) }).token;
    clock.advance(HOUR_MS);
    const token = issueToken(store, { org: 'acme', role: 'owner' });
    revokeToken(store, token.id);
    revoked = token.token;
    before = contentOf(store);
  });

  afterAll(async () => {
    await using running = api;
    // Whatever was refused above has left no trace.
    expect(contentOf(running.store)).toEqual(before);
    expect(running.nudge).toHaveBeenCalledTimes(1);
  });

  const ask = (endpoint: AnyEndpoint, token: string | null, params: Params = {}) =>
    api.request(endpoint.method.toUpperCase(), fill(endpoint, { ...OWN, ...params }), { token });

  describe.each(table)('$title', ({ endpoint }) => {
    it('without a token, or with one that is malformed or unknown, is 401', async () => {
      const path = fill(endpoint, OWN);
      const { owner } = api.tokens.acme.org;
      const headers = [
        undefined,
        '',
        'Bearer',
        'Bearer ',
        owner,
        `Basic ${owner}`,
        `Bearer ${owner} ${owner}`,
        `Bearer ${owner}x`,
        `Bearer ${owner.slice(0, -1)}`,
        `Bearer ${owner.toUpperCase()}`,
        `Bearer ${'x'.repeat(2000)}`,
      ];
      for (const authorization of headers) {
        const answer = await api.request(endpoint.method.toUpperCase(), path, {
          token: null,
          ...(authorization !== undefined && { headers: { Authorization: authorization } }),
        });
        expect([authorization, answer.status]).toEqual([authorization, 401]);
        expect(answer.body).toMatchObject({ title: 'unauthorized' });
        expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="paasdb"');
      }
    });

    it('with an expired or a revoked token is 401', async () => {
      expect((await ask(endpoint, expired)).status).toBe(401);
      expect((await ask(endpoint, revoked)).status).toBe(401);
    });
  });

  describe.each(inAnOrg)('$title', ({ endpoint }) => {
    it('of another org is 404, whatever the role', async () => {
      for (const role of ORG_ROLES) {
        const answer = await ask(endpoint, api.tokens.globex.org[role]);
        expect([role, answer.status, answer.body.title]).toEqual([role, 404, 'tenant not found']);
      }
    });

    it('of an org that does not exist is the same 404', async () => {
      for (const token of [api.tokens.acme.org.owner, api.tokens.operator]) {
        const answer = await ask(endpoint, token, { org: 'nobody' });
        expect([answer.status, answer.body.title]).toEqual([404, 'tenant not found']);
      }
    });
  });

  describe.each(inAnApp)('$title', ({ endpoint }) => {
    it('of another app is 404 for a token of one app, whatever the role', async () => {
      for (const role of ORG_ROLES) {
        const answer = await ask(endpoint, api.tokens.acme.web[role], { app: 'shop' });
        expect([role, answer.status, answer.body.title]).toEqual([role, 404, 'app not found']);
      }
    });

    it('of an app that does not exist is 404', async () => {
      for (const token of [api.tokens.acme.org.owner, api.tokens.operator]) {
        const answer = await ask(endpoint, token, { app: 'nothing' });
        expect([answer.status, answer.body.title]).toEqual([404, 'app not found']);
      }
    });
  });

  describe.each(onADatabase)('$title', ({ endpoint }) => {
    it('of another app or org is 404 although its id is known', async () => {
      for (const db of [...elsewhere, 'theirs', '0unknown', 'nothing']) {
        for (const token of [api.tokens.acme.org.owner, api.tokens.acme.web.owner, api.tokens.operator]) {
          const answer = await ask(endpoint, token, { db });
          expect([db, answer.status, answer.body.title]).toEqual([db, 404, 'database not found']);
        }
      }
    });
  });

  describe.each(onTheOrg)('$title', ({ endpoint }) => {
    it('is 403 for a token of one app, whatever the role', async () => {
      for (const role of ORG_ROLES) {
        const answer = await ask(endpoint, api.tokens.acme.web[role]);
        expect([role, answer.status, answer.body.title]).toEqual([role, 403, 'forbidden']);
      }
    });
  });

  const withTooLowRoles = table.filter(({ endpoint }) => tooLow(endpoint).length > 0);

  describe.each(withTooLowRoles)('$title', ({ endpoint }) => {
    it.each(tooLow(endpoint))(`is 403 for the role %s, which is below ${endpoint.role}`, async (role) => {
      for (const token of [api.tokens.acme.org[role], api.tokens.acme.web[role]]) {
        const answer = await ask(endpoint, token);
        expect([answer.status, answer.body.title]).toEqual([403, 'forbidden']);
      }
    });
  });
});

/** What a good request to an endpoint has beyond the scope in its path. An endpoint that needs more is added here. */
type Sample = (
  api: BootedApi,
) => Promise<{ params?: Params; json?: unknown }> | { params?: Params; json?: unknown };

const SAMPLES: Record<string, Sample> = {
  createOrg: () => ({ json: { slug: 'initech' } }),
  changeOrg: () => ({ json: { plan: 'team' } }),
  createApp: () => ({ json: { slug: 'blog' } }),
  deleteApp: async (api) => {
    await api.delete('/api/orgs/acme/apps/web/databases/main?deleteVolume=true&finalBackup=false');
    await api.settle();
    return {};
  },
  createToken: () => ({ json: { name: 'ci', role: 'viewer' } }),
  revokeToken: ({ store }) => ({ params: { id: issueToken(store, { org: 'acme', role: 'viewer' }).id } }),
  createDatabase: () => ({ json: { name: 'reporting' } }),
  getOperation: async (api) => {
    const { body } = await api.get('/api/orgs/acme/apps/web/databases/main/operations');
    return { params: { id: (body as { data: { id: string }[] }).data[0]?.id ?? '' } };
  },
  getBackup: async (api) => ({ params: { id: await api.storedBackup() } }),
  downloadBackup: async (api) => ({ params: { id: await api.storedBackup() } }),
  verifyBackup: async (api) => ({ params: { id: await api.storedBackup() } }),
  deleteBackup: async (api) => ({ params: { id: await api.storedBackup() } }),
  restoreDatabase: async (api) => ({ json: { backupId: await api.storedBackup(), as: 'again' } }),
  importDatabase: () => ({ json: { sourceUrl: 'postgresql://reader:secret@db.example.com/shop' } }),
  getVolume: async (api) => ({ params: { id: await api.preservedVolume() } }),
  purgeVolume: async (api) => ({ params: { id: await api.preservedVolume() } }),
};

describe.each(table)('$title', ({ endpoint }) => {
  // The least role that may, and the operator; that each role includes those below it is tested with the roles.
  const roles = ROLES.filter((role) => role === endpoint.role || role === 'operator');
  const callers = roles.flatMap((role): { caller: string; tokenOf: (api: BootedApi) => string }[] => {
    if (role === 'operator') return [{ caller: role, tokenOf: ({ tokens }) => tokens.operator }];
    const ofOrg = { caller: `${role} of the org`, tokenOf: ({ tokens }: BootedApi) => tokens.acme.org[role] };
    if (endpoint.scope === 'org') return [ofOrg];
    return [ofOrg, { caller: `${role} of the app`, tokenOf: ({ tokens }) => tokens.acme.web[role] }];
  });

  it.each(callers)('lets the $caller in', async ({ tokenOf }) => {
    await using api = await bootApi();
    await api.readyDatabase();
    const sample = await SAMPLES[endpoint.id]?.(api);
    const path = fill(endpoint, { ...OWN, ...sample?.params });
    const answer = await api.request(endpoint.method.toUpperCase(), path, {
      token: tokenOf(api),
      ...(sample?.json !== undefined && { json: sample.json }),
    });
    expect({ status: answer.status, problem: answer.status < 400 ? null : answer.text }).toEqual({
      status: expect.any(Number),
      problem: null,
    });
  });
});

/** Written a second time, so that a role is lowered only by somebody who means it. */
const CONTRACT: Record<string, OrgRole | 'operator'> = {
  listOrgs: 'operator',
  createOrg: 'operator',
  getOrg: 'operator',
  changeOrg: 'operator',
  listApps: 'member',
  createApp: 'member',
  getApp: 'member',
  deleteApp: 'member',
  listTokens: 'admin',
  createToken: 'admin',
  revokeToken: 'admin',
  listAudit: 'admin',
  listDatabases: 'viewer',
  createDatabase: 'member',
  ensureDatabase: 'deploy',
  getDatabase: 'viewer',
  deleteDatabase: 'owner',
  revealDatabase: 'admin',
  restartDatabase: 'member',
  listBackups: 'viewer',
  createBackup: 'member',
  getBackup: 'viewer',
  downloadBackup: 'admin',
  verifyBackup: 'member',
  deleteBackup: 'owner',
  restoreDatabase: 'admin',
  importDatabase: 'member',
  exportDatabase: 'admin',
  listOperations: 'viewer',
  getOperation: 'viewer',
  getEnv: 'deploy',
  ensureEnv: 'deploy',
  listVolumes: 'operator',
  getVolume: 'operator',
  purgeVolume: 'operator',
  getMetrics: 'operator',
};

describe('the least role', () => {
  it.each(table)('for $title is that of the contract', ({ endpoint: { id, role } }) => {
    expect({ id, role }).toEqual({ id, role: CONTRACT[id] });
  });
});
