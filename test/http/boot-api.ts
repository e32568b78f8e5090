import type { AddressInfo } from 'node:net';
import { ORG_ROLES, type OrgRole, type Role } from '../../src/domain/roles.js';
import type { OrgPlan } from '../../src/domain/plans.js';
import { Exporter } from '../../src/backups/export-dump.js';
import type { SourceDeps } from '../../src/backups/loads/find-source.js';
import { openStored } from '../../src/backups/open-stored.js';
import { isBackupOverdue } from '../../src/domain/backup-overdue.js';
import { receiveUpload } from '../../src/backups/loads/receive-upload.js';
import { refusalOfSource } from '../../src/backups/loads/refusal-of-source.js';
import { refusalOfTarget } from '../../src/backups/loads/refusal-of-target.js';
import { AddressRules } from '../../src/domain/address-rules.js';
import { parseCidr, type Cidr } from '../../src/domain/cidr.js';
import { createApp } from '../../src/http/app.js';
import type { ApiDeps } from '../../src/http/api-deps.js';
import { createHttpServer } from '../../src/http/http-server.js';
import type { Database } from '../../src/domain/records.js';
import { databaseSpec } from '../../src/provisioner/database-spec.js';
import { OperationWaiters } from '../../src/provisioner/operation-waiters.js';
import { sameDigest, sha256 } from '../../src/secrets/digest.js';
import { generatePassword, generateToken } from '../../src/secrets/random.js';
import { ensureDefaultOrg } from '../../src/store/orgs.js';
import type { Store } from '../../src/store/store.js';
import { insertToken, replaceOperatorToken } from '../../src/store/tokens.js';
import { MemoryLogger } from '../memory-logger.js';
import { diskStoreIn, incomingIn, PREVIOUS_KEPT_FOR_MS } from '../provisioner/all-handlers.js';
import { ScriptedRuntime } from '../provisioner/scripted-runtime.js';
import { openTestStore } from '../store/open-test-store.js';
import { sampleApp } from '../store/sample-rows.js';
import { checkContract, type Answer } from './check-contract.js';
import { VERSIONS } from './endpoint-table.js';
import { settleOperations } from './settle-operations.js';

export interface RequestOptions {
  token?: string | null;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  raw?: string | Uint8Array;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** The tokens of an org: one of each role for all of it, and one of each role for its app `web` alone. */
export interface OrgTokens {
  org: Record<OrgRole, string>;
  web: Record<OrgRole, string>;
}

/** What the names of servers elsewhere resolve to. */
export const NAMES: Record<string, string[]> = {
  'db.example.com': ['93.184.215.14'],
  'both.example.com': ['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c'],
  'inside.example.com': ['93.184.215.14', '169.254.169.254'],
};

const DATABASES = '/api/orgs/acme/apps/web/databases';

/**
 * The API on a free port of loopback, over a store of its own with two orgs: `acme` with the apps `web` and
 * `shop`, `globex` with an app `web`. Nothing provisions: `settle()` does what the provisioner would.
 */
export async function bootApi({
  plan = 'enterprise',
  deps: more = {},
}: { plan?: OrgPlan; deps?: Partial<ApiDeps> } = {}) {
  const opened = openTestStore();
  const { store, clock } = opened;
  const logger = new MemoryLogger();
  const waiters = new OperationWaiters();
  const runtime = new ScriptedRuntime();
  const disk = diskStoreIn(opened.folder);
  const incoming = incomingIn(opened.folder, store);
  const source: SourceDeps = {
    resolve: (host) => Promise.resolve(NAMES[host] ?? []),
    rules: new AddressRules([], parseCidr('10.176.0.0/12') as Cidr),
  };
  const specOf = (database: Database) => databaseSpec(store, database);
  const exporter = new Exporter({ runtime, specOf, atOnce: 2, idleMs: 60_000 });
  const tidyLoads = jest.fn();
  const tidyBackups = jest.fn();
  const parts = { store, runtime, waiters, disk, clock: clock.read, incoming, source, tidy: tidyLoads };
  const nudge = jest.fn();
  const passwords: string[] = [];
  const deps: ApiDeps = {
    store,
    logger,
    versions: VERSIONS,
    endpointsOf: (id) => runtime.endpoints(id),
    nudge,
    waitForOperation: (id, timeoutMs, signal) => waiters.wait(id, timeoutMs, signal),
    openBackup: async (database, backup) =>
      (await openStored({ disk, copies: null, logger }, database, backup)).chunks,
    isBackupOverdue: (database) => isBackupOverdue(database, clock.read(), 26 * 3_600_000),
    exportDatabase: (database, signal) => exporter.dump(database, signal),
    receiveUpload: ({ engineVersion: major }, chunks) =>
      receiveUpload(incoming, { id: store.newId(), major }, chunks),
    refusalOfSource: (url) => refusalOfSource(source, url),
    refusalOfTarget: (database) => refusalOfTarget({ runtime, specOf, limitMs: 100 }, database),
    backupRetentionMs: PREVIOUS_KEPT_FOR_MS,
    tidyBackups,
    newCredential: () => {
      const password = generatePassword();
      passwords.push(password);
      // Deriving a real verifier for each of thousands of databases would take longer than all the rest.
      return { role: 'app', password, verifier: `SCRAM-SHA-256$4096:verifier-of-${password}` };
    },
    newToken: generateToken,
    sameDigest,
    checkRuntime: () => Promise.resolve(),
    ...more,
  };
  const server = createHttpServer(createApp(deps, { version: '1.2.3' }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  const operator = generateToken('operator');
  // In one transaction, for each one is synced to the disk.
  const tokens = store.transaction(() => {
    ensureDefaultOrg(store);
    sampleApp(store, { org: 'acme', slug: 'web', plan });
    sampleApp(store, { org: 'acme', slug: 'shop' });
    sampleApp(store, { org: 'globex', slug: 'web' });
    replaceOperatorToken(store, sha256(operator));
    return { operator, acme: orgTokens(store, 'acme'), globex: orgTokens(store, 'globex') };
  });

  const request = async (method: string, path: string, options: RequestOptions = {}): Promise<Answer> => {
    const { token = tokens.acme.org.owner, json, raw, headers, signal } = options;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token !== null && { Authorization: `Bearer ${token}` }),
        ...(json !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: raw ?? (json === undefined ? null : JSON.stringify(json)),
      redirect: 'manual',
      ...(signal && { signal }),
    });
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    const body: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
    const answer: Answer = { status: response.status, headers: response.headers, text, body };
    checkContract(method, path, answer);
    return answer;
  };

  return {
    ...opened,
    clock,
    deps,
    logger,
    waiters,
    runtime,
    disk,
    incoming,
    source,
    tidyLoads,
    tidyBackups,
    nudge,
    /** Every password that was made. */
    passwords,
    port,
    url,
    tokens,
    request,
    get: (path: string, options?: RequestOptions) => request('GET', path, options),
    post: (path: string, json?: unknown, options?: RequestOptions) =>
      request('POST', path, { ...(json !== undefined && { json }), ...options }),
    put: (path: string, json?: unknown, options?: RequestOptions) =>
      request('PUT', path, { ...(json !== undefined && { json }), ...options }),
    patch: (path: string, json: unknown, options?: RequestOptions) =>
      request('PATCH', path, { json, ...options }),
    delete: (path: string, options?: RequestOptions) => request('DELETE', path, options),
    /** Does what is queued, as the provisioner does, and tells who waits. */
    settle: (failure?: string) => settleOperations(parts, failure),
    /** A database of acme/web that is ready. */
    async readyDatabase(name = 'main') {
      const { body } = await request('POST', DATABASES, { json: { name } });
      await settleOperations(parts);
      return (body as { id: string }).id;
    },
    /** A backup of the database `main` of acme/web. */
    async storedBackup() {
      const { body } = await request('POST', `${DATABASES}/main/backups`);
      await settleOperations(parts);
      return (body as { id: string }).id;
    },
    /** The preserved volume of a deleted database of acme/web. */
    async preservedVolume(name = 'old', engineVersion = 18) {
      const { body } = await request('POST', DATABASES, { json: { name, engineVersion } });
      const { id } = body as { id: string };
      await settleOperations(parts);
      await request('DELETE', `${DATABASES}/${id}`);
      await settleOperations(parts);
      return id;
    },
    async [Symbol.asyncDispose]() {
      waiters.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      opened[Symbol.dispose]();
    },
  };
}

export type BootedApi = Awaited<ReturnType<typeof bootApi>>;

/** A new token, as the store keeps it. */
export function issueToken(
  store: Store,
  { org, role, app, expiresAt = null }: { org: string; role: Role; app?: string; expiresAt?: string | null },
): { id: string; token: string } {
  const id = store.newId();
  const token = generateToken(id);
  const appId = app === undefined ? null : sampleApp(store, { org, slug: app }).id;
  insertToken(store, { id, org, appId, name: `${role} of ${org}`, role, hash: sha256(token), expiresAt });
  return { id, token };
}

function orgTokens(store: Store, org: string): OrgTokens {
  const issue = (app?: string) =>
    Object.fromEntries(
      ORG_ROLES.map((role) => [role, issueToken(store, { org, role, ...(app && { app }) }).token]),
    ) as Record<OrgRole, string>;
  return { org: issue(), web: issue('web') };
}
