import { setDatabaseStatus } from '../../src/store/databases.js';
import { queueBackup } from '../../src/store/queue-backup.js';
import { readyDatabase } from '../store/sample-rows.js';
import { bootApi, type BootedApi } from './boot-api.js';

const DATABASES = '/api/orgs/acme/apps/web/databases';
const HOUR_MS = 3_600_000;

let api: BootedApi;
beforeEach(async () => {
  api = await bootApi();
});
afterEach(() => api[Symbol.asyncDispose]());

const readyz = async () => (await api.get('/readyz', { token: null })).body.backups as unknown;
const metrics = async () => (await api.get('/metrics', { token: api.tokens.operator })).text.split('\n');

describe('a database whose backups stopped', () => {
  it('says so, and so do /readyz and the metrics, which stay reachable', async () => {
    await api.readyDatabase();
    await api.storedBackup();
    expect((await api.get(`${DATABASES}/main`)).body.backupOverdue).toBe(false);
    api.clock.advance(27 * HOUR_MS);
    expect((await api.get(`${DATABASES}/main`)).body.backupOverdue).toBe(true);
    expect((await api.get(DATABASES)).body.data).toMatchObject([{ backupOverdue: true }]);
    expect(await readyz()).toEqual({ overdue: 1, oldestLastGoodAgeSeconds: 27 * 3600 });
    expect(await metrics()).toEqual(
      expect.arrayContaining([
        'paasdb_backups_overdue 1',
        `paasdb_backup_oldest_last_success_age_seconds ${27 * 3600}`,
      ]),
    );
  });

  it('is told of although its database failed, and not any more once that is deleted', async () => {
    const id = await api.readyDatabase();
    setDatabaseStatus(api.store, id, 'failed', 'its volume is gone');
    api.clock.advance(27 * HOUR_MS);
    expect(await readyz()).toEqual({ overdue: 1, oldestLastGoodAgeSeconds: null });
    await api.delete(`${DATABASES}/main`);
    expect(await readyz()).toEqual({ overdue: 0, oldestLastGoodAgeSeconds: null });
    await api.settle();
    expect((await api.get(`${DATABASES}/${id}`)).body.backupOverdue).toBe(false);
  });

  it('has nothing of backups that failed', async () => {
    await api.readyDatabase();
    api.clock.advance(27 * HOUR_MS);
    await api.post(`${DATABASES}/main/backups`);
    await api.settle('no luck');
    expect(await readyz()).toEqual({ overdue: 1, oldestLastGoodAgeSeconds: null });
  });
});

describe('/metrics', () => {
  it('is text for Prometheus, of the operator alone', async () => {
    const { status, headers, text } = await api.get('/metrics', { token: api.tokens.operator });
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'no-store',
    ]);
    expect(text).toMatch(/^# HELP paasdb_databases /m);
    expect((await api.get('/metrics', { token: null })).status).toBe(401);
    expect((await api.get('/metrics')).status).toBe(403);
    expect((await api.post('/metrics')).headers.get('allow')).toBe('GET, HEAD');
    expect((await api.request('HEAD', '/metrics', { token: api.tokens.operator })).text).toBe('');
  });

  it('counts databases and operations, also where there are none', async () => {
    await api.readyDatabase();
    await api.post(DATABASES, { name: 'later' });
    await api.post(`${DATABASES}/main/restart`);
    expect(await metrics()).toEqual(
      expect.arrayContaining([
        'paasdb_databases{status="ready"} 1',
        'paasdb_databases{status="pending"} 1',
        'paasdb_databases{status="failed"} 0',
        'paasdb_operations{kind="restart",status="queued"} 1',
        'paasdb_operations{kind="provision",status="queued"} 1',
        'paasdb_operations{kind="backup",status="running"} 0',
        'paasdb_backups_overdue 0',
      ]),
    );
  });

  it('tells when each database was backed up and verified last, and nothing of deleted ones', async () => {
    await api.readyDatabase();
    const id = await api.storedBackup();
    const backedUpAt = api.clock.read().getTime() / 1000;
    api.clock.advance(HOUR_MS);
    await api.post(`${DATABASES}/main/backups/${id}/verify`);
    await api.settle();
    const labels = '{org="acme",app="web",database="main"}';
    expect(await metrics()).toEqual(
      expect.arrayContaining([
        `paasdb_backup_last_success_timestamp_seconds${labels} ${backedUpAt}`,
        `paasdb_backup_last_verified_timestamp_seconds${labels} ${backedUpAt + 3600}`,
      ]),
    );
    await api.delete(`${DATABASES}/main`);
    await api.settle();
    expect((await metrics()).join()).not.toMatch(/paasdb_backup_last|oldest/);
  });

  it('has figures of the process', async () => {
    const text = (await metrics()).join('\n');
    expect(text).toMatch(/^# TYPE process_cpu_seconds_total counter$/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d{8,}$/m);
    expect(text).toMatch(/^process_start_time_seconds 1\d{9}$/m);
  });
});

it('a thousand databases with ten backups each hold nobody up', async () => {
  const { store } = api;
  store.transaction(() => {
    for (let n = 0; n < 1000; n += 1) {
      const database = readyDatabase(store, { name: `db-${n}` });
      for (let backup = 0; backup < 10; backup += 1) {
        queueBackup(store, database, { kind: 'scheduled', keptForMs: HOUR_MS });
      }
    }
    store.run(`UPDATE operations SET status = 'succeeded', started_at = created_at`);
  });
  const began = performance.now();
  for (let count = 0; count < 5; count += 1) await readyz();
  const perRequestMs = (performance.now() - began) / 5;
  // On an idle machine it takes 10 ms.
  expect(perRequestMs).toBeLessThan(200);
}, 30_000);
