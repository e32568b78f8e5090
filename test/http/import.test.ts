import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { findBrokenAuditEvent } from '../../src/store/audit.js';
import { fails } from '../provisioner/scripted-runtime.js';
import { bootApi, NAMES, type BootedApi, type RequestOptions } from './boot-api.js';

const DATABASES = '/api/orgs/acme/apps/web/databases';
const MAIN = `${DATABASES}/main`;
const SQL = 'CREATE TABLE orders (id int);\nINSERT INTO orders VALUES (1);\n';
const ARCHIVE = Buffer.concat([
  Buffer.from('PGDMP'),
  Buffer.from([1, 14, 0, 4, 8, 1]),
  Buffer.alloc(5000, 7),
]);
const SOURCE = 'postgresql://reader:hunter2@db.example.com/shop';

let api: BootedApi;
let id: string;
beforeEach(async () => {
  api = await bootApi();
  id = await api.readyDatabase();
});
afterEach(() => api[Symbol.asyncDispose]());

const upload = (raw: string | Uint8Array, options: RequestOptions & { query?: string } = {}) =>
  api.request('POST', `${MAIN}/import${options.query ?? ''}`, { raw, ...options });

const filesLeft = (): string[] => {
  const folder = join(api.folder, 'backups', 'incoming');
  return existsSync(folder) ? readdirSync(folder) : [];
};

const optionsOfLoad = () => api.runtime.calls.find(({ verb }) => verb === 'load')?.options;
const settled = async (operation: string) =>
  (await api.get(`${MAIN}/operations/${operation}`)).body as { result: Record<string, unknown> };

describe('an upload', () => {
  it.each([
    ['an archive', ARCHIVE, 'archive', ARCHIVE],
    ['a gzipped archive', gzipSync(ARCHIVE), 'archive', ARCHIVE],
    ['SQL', SQL, 'script', Buffer.from(SQL)],
    ['gzipped SQL', gzipSync(SQL), 'script', Buffer.from(SQL)],
    [
      'gzips in a row',
      Buffer.concat([gzipSync(SQL), gzipSync('SELECT 2;\n')]),
      'script',
      Buffer.from(`${SQL}SELECT 2;\n`),
    ],
  ])('is loaded as what its bytes are: %s', async (_, raw, kind, given) => {
    const asked = await upload(raw);
    expect(asked).toMatchObject({ status: 202, body: { kind: 'import', status: 'queued', databaseId: id } });
    expect(asked.headers.get('location')).toBe(`${DATABASES}/${id}/operations/${asked.body.id}`);
    expect(api.nudge).toHaveBeenCalled();
    expect(filesLeft()).toEqual([asked.body.id]);
    await api.settle();
    expect(api.runtime.loads).toEqual([{ id, kind, given }]);
    expect(optionsOfLoad()).toMatchObject({ loadId: asked.body.id, replace: false });
    await api.incoming.sweep();
    expect(filesLeft()).toEqual([]);
  });

  it.each([
    'application/octet-stream',
    'application/sql',
    'application/gzip',
    'text/plain; charset=utf-8',
    'application/x-www-form-urlencoded',
    'nonsense',
  ])('may say that it is %s', async (type) => {
    expect((await upload(SQL, { headers: { 'Content-Type': type } })).status).toBe(202);
  });

  it('may have no type at all', async () => {
    expect((await upload(new TextEncoder().encode(SQL))).status).toBe(202);
  });

  it('tells what came of it, what was left out, and where former data is', async () => {
    api.runtime.contents = {
      ...api.runtime.contents,
      extensions: [{ name: 'plpgsql', version: '1.0', schema: 'pg_catalog' }],
      tables: Array.from({ length: 150 }, (_, n) => ({ schema: 'public', name: `t${n}`, rows: 2 })),
    };
    api.runtime.skipped = [{ what: 'extension timescaledb', reason: 'the server does not have it' }];
    const { body } = await upload(SQL, { query: '?clean=true' });
    await api.settle();
    expect(optionsOfLoad()).toMatchObject({ replace: true });
    const { result } = await settled(body.id as string);
    expect(result).toMatchObject({
      totals: { tables: 150, rows: 300, largeObjects: 0 },
      extensions: [{ name: 'plpgsql', version: '1.0' }],
      skipped: [{ what: 'extension timescaledb', reason: 'the server does not have it' }],
      skippedCount: 1,
      interruptedMs: 12,
      previous: { database: `paasdb_previous_${body.id}`, keptUntil: api.store.now(7 * 86_400_000) },
    });
    expect(result.tables).toHaveLength(100);
    expect(result).not.toHaveProperty('source');
  });

  it('into a database that is not empty needs clean, and says so', async () => {
    await upload(SQL);
    api.runtime.script('load', fails('not_empty', 'The database holds 3 tables'));
    await expect(api.settle()).rejects.toThrow(/^The database holds 3 tables\. Import with clean=true/);
  });

  describe('into a database that is not empty', () => {
    const holdsTables = fails('not_empty', 'The database holds 3 tables');
    const asked = () => api.runtime.history.filter((call) => call === `requireEmpty ${id}`).length;

    it('is not even read', async () => {
      api.runtime.script('requireEmpty', holdsTables);
      expect(await upload(SQL)).toMatchObject({
        status: 409,
        body: {
          code: 'database_not_empty',
          detail: expect.stringMatching(/^The database holds 3 tables\. Import with clean=true/),
        },
      });
      expect(api.store.all('SELECT * FROM loads')).toEqual([]);
      expect(filesLeft()).toEqual([]);
    });

    it('is read when it may be replaced', async () => {
      api.runtime.script('requireEmpty', holdsTables);
      expect((await upload(SQL, { query: '?clean=true' })).status).toBe(202);
      expect(asked()).toBe(0);
    });

    it('is read under a key, since what is there may be what it brought', async () => {
      const headers = { 'Idempotency-Key': 'k' };
      const { body } = await upload(SQL, { headers });
      await api.settle();
      api.runtime.script('requireEmpty', holdsTables);
      expect(await upload(SQL, { headers })).toMatchObject({ status: 202, body: { id: body.id } });
      expect(asked()).toBe(1);
      const fresh = { 'Idempotency-Key': 'other' };
      expect((await upload(SQL, { headers: fresh })).body.code).toBe('database_not_empty');
    });

    it('is read when nobody can tell', async () => {
      api.runtime.script('requireEmpty', fails('unavailable', 'Docker does not answer'));
      expect((await upload(SQL)).status).toBe(202);
      expect(asked()).toBe(1);
    });

    it('is read when nobody tells in time', async () => {
      api.runtime.script('requireEmpty', () => new Promise(() => undefined));
      expect((await upload(SQL)).status).toBe(202);
    });
  });

  it.each([
    ['nothing', ''],
    ['an image', Buffer.from('ffd8ffe000104a464946', 'hex')],
    ['a dump of MySQL', '-- MySQL dump 10.13\n'],
    ['an archive that is too new', Buffer.concat([Buffer.from('PGDMP'), Buffer.from([1, 99, 0, 4, 8, 1])])],
  ])('that is %s is refused, and nothing is queued', async (_, raw) => {
    const answer = await upload(raw, { headers: { 'Content-Type': 'application/octet-stream' } });
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toMatch(
      raw === '' ? /the body is empty: send a dump/ : /no dump that can be imported: /,
    );
    expect(api.store.all('SELECT * FROM loads')).toEqual([]);
    expect(filesLeft()).toEqual([]);
  });

  it('as a form says how to send it', async () => {
    const answer = await upload('--x\r\n', {
      headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
    });
    expect(answer).toMatchObject({ status: 415, body: { detail: expect.stringContaining('curl -T') } });
  });

  it('that is encoded otherwise is refused', async () => {
    expect((await upload(SQL, { headers: { 'Content-Encoding': 'br' } })).status).toBe(415);
    expect((await upload(gzipSync(SQL), { headers: { 'Content-Encoding': 'gzip' } })).status).toBe(202);
  });

  it('of a gzip that ends early fails, and says so', async () => {
    const rows = Array.from({ length: 50_000 }, (_, n) => `INSERT INTO a VALUES (${n * 7919});\n`);
    const whole = gzipSync(SQL + rows.join(''));
    await upload(whole.subarray(0, whole.length - 1000));
    await expect(api.settle()).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining('is damaged or ends early'),
    });
    expect(api.runtime.loads).toEqual([]);
  });

  it('of an archive in a gzip that ends early fails with that, whatever the runtime makes of it', async () => {
    const noise = Buffer.from(Array.from({ length: 50_000 }, (_, n) => (n * 7919) % 251));
    const whole = gzipSync(Buffer.concat([ARCHIVE, noise]));
    await upload(whole.subarray(0, whole.length - 20));
    await expect(api.settle()).rejects.toThrow('is damaged or ends early');
  });

  it('is not even read into a database that is not ready', async () => {
    await api.delete(MAIN);
    expect((await upload(SQL)).body.code).toBe('database_deleting');
    await api.post(DATABASES, { name: 'later' });
    const answer = await api.request('POST', `${DATABASES}/later/import`, { raw: SQL });
    expect(answer).toMatchObject({ status: 409, body: { code: 'database_not_ready' } });
    expect(filesLeft()).toEqual([]);
  });

  it('whose file is gone fails for good, and says where it should be', async () => {
    const { body } = await upload(SQL);
    rmSync(join(api.folder, 'backups', 'incoming', body.id as string));
    await expect(api.settle()).rejects.toMatchObject({
      code: 'missing',
      retryable: false,
      message: expect.stringContaining(`incoming/${body.id} is missing`),
    });
  });

  it('goes with its database', async () => {
    await upload(SQL);
    await api.delete(MAIN);
    await api.settle();
    expect(api.runtime.loads).toEqual([]);
    expect(await api.incoming.sweep()).toHaveLength(1);
    expect(filesLeft()).toEqual([]);
  });

  it('that cannot be written down leaves no file', async () => {
    jest.spyOn(api.store, 'transaction').mockImplementationOnce(() => {
      throw new Error('the disk of the control database is full');
    });
    expect((await upload(SQL)).status).toBe(500);
    expect(filesLeft()).toEqual([]);
  });

  it('finds no room on the disk, and says so', async () => {
    const error = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' });
    const { toStorageError } = await import('../../src/backups/storage-error.js');
    jest.spyOn(api.incoming, 'receive').mockRejectedValueOnce(toStorageError(error, '/backups/incoming/x'));
    expect(await upload(SQL)).toMatchObject({
      status: 507,
      body: { code: 'no_space', detail: expect.stringContaining('no space is left for') },
    });
  });

  it('is audited with its SHA-256, by its own client and by the system', async () => {
    await upload(SQL);
    await api.settle();
    const { body } = await api.get('/api/orgs/acme/audit');
    expect(body.data).toMatchObject([
      { actor: 'system', action: 'operation.import.succeeded' },
      {
        action: 'database.import',
        detail: {
          clean: false,
          from: { sizeBytes: SQL.length, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        },
      },
      ...(body.data as unknown[]).slice(2),
    ]);
    expect(findBrokenAuditEvent(api.store)).toBeNull();
  });
});

describe('under an Idempotency-Key an upload', () => {
  const headers = { 'Idempotency-Key': 'once' };

  it('is the same when its bytes are', async () => {
    const first = await upload(SQL, { headers });
    const second = await upload(SQL, { headers });
    expect([second.status, second.body]).toEqual([202, first.body]);
    expect(filesLeft()).toEqual([first.body.id]);
  });

  it('is another when its bytes are, or what is to be done with them', async () => {
    await upload(SQL, { headers });
    expect((await upload(`${SQL} `, { headers })).body.code).toBe('idempotency_key_reused');
    expect((await upload(SQL, { headers, query: '?clean=true' })).body.code).toBe('idempotency_key_reused');
    expect(filesLeft()).toHaveLength(1);
  });
});

describe('an import from a server', () => {
  const ask = (sourceUrl: string, more = {}, options = {}) =>
    api.post(`${MAIN}/import`, { sourceUrl, ...more }, options);

  it('has the runtime read it at the address that was resolved', async () => {
    const asked = await ask(SOURCE, { clean: true });
    expect(asked).toMatchObject({ status: 202, body: { kind: 'import' } });
    await api.settle();
    expect(api.runtime.loads).toEqual([
      {
        id,
        kind: 'server',
        given: {
          host: 'db.example.com',
          address: '93.184.215.14',
          port: 5432,
          database: 'shop',
          user: 'reader',
          password: 'hunter2',
          sslMode: 'require',
        },
      },
    ]);
    expect(optionsOfLoad()).toMatchObject({ replace: true });
    expect((await settled(asked.body.id as string)).result).toMatchObject({
      source: { compared: true, differences: [] },
    });
  });

  it('of which a table is missing or has other rows takes nothing’s place', async () => {
    const { contents } = api.runtime;
    const more = { schema: 'public', name: 'lost', rows: 7 };
    api.runtime.sourceContents = { ...contents, tables: [...contents.tables, more] };
    await ask(SOURCE, { clean: true });
    await expect(api.settle()).rejects.toMatchObject({
      code: 'load_failed',
      message: expect.stringContaining('nothing was replaced: table "public"."lost" is missing'),
    });
    expect(api.runtime.loads).toEqual([]);
  });

  it('of which something else differs says so', async () => {
    api.runtime.sourceContents = { ...api.runtime.contents, largeObjects: 1 };
    const { body } = await ask(SOURCE);
    await api.settle();
    const differences = ['0 large objects instead of 1'];
    expect((await settled(body.id as string)).result).toMatchObject({
      source: { compared: true, differences },
    });
  });

  it('that lets nobody count says that it could not be compared', async () => {
    api.runtime.letsCount = false;
    const { body } = await ask(SOURCE);
    await api.settle();
    expect((await settled(body.id as string)).result).toMatchObject({ source: { compared: false } });
  });

  it('resolves the name anew, and refuses what it has become', async () => {
    await ask(SOURCE);
    jest.replaceProperty(NAMES, 'db.example.com', ['127.0.0.1']);
    await expect(api.settle()).rejects.toMatchObject({ code: 'source_unusable' });
    expect(api.runtime.loads).toEqual([]);
    jest.restoreAllMocks();
  });

  it.each([
    'postgresql://reader:hunter2@inside.example.com/shop',
    'postgresql://reader:hunter2@nowhere.example.com/shop',
    'postgresql://reader:hunter2@db.example.com/shop?host=/var/run',
    'http://db.example.com/',
  ])('that is not to be read is 400: %s', async (url) => {
    const answer = await ask(url);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'source_not_usable', errors: [{ in: 'body', path: 'sourceUrl' }] },
    });
    expect(answer.text).not.toContain('hunter2');
    expect(api.store.all('SELECT * FROM loads')).toEqual([]);
  });

  it('into a database that is not empty is refused at once, unless that may be replaced', async () => {
    api.runtime.script('requireEmpty', fails('not_empty', 'The database holds 3 tables'));
    expect(await ask(SOURCE)).toMatchObject({ status: 409, body: { code: 'database_not_empty' } });
    api.runtime.script('requireEmpty', fails('not_empty', 'The database holds 3 tables'));
    expect((await ask(SOURCE, { clean: true })).status).toBe(202);
  });

  it('without a URL says what is missing', async () => {
    expect((await api.post(`${MAIN}/import`, {})).body.detail).toContain('sourceUrl');
    expect((await api.post(`${MAIN}/import`)).body.detail).toContain('send a dump');
  });

  it('tells its password to nobody, and forgets it when it is done', async () => {
    const asked = await ask(SOURCE, {}, { headers: { 'Idempotency-Key': 'k' } });
    const stored = () =>
      ['loads', 'operations', 'audit_events', 'idempotency_keys'].map((table) =>
        JSON.stringify(api.store.all(`SELECT * FROM ${table}`)),
      );
    expect(stored().join()).not.toContain('hunter2');
    expect(asked.text + JSON.stringify(api.logger.lines)).not.toContain('hunter2');
    await api.settle();
    expect(api.store.all('SELECT source_sealed AS url FROM loads')).toEqual([{ url: null }]);
    expect(stored().join() + JSON.stringify(await settled(asked.body.id as string))).not.toContain('hunter2');
  });

  it('under an Idempotency-Key is told by all but its password', async () => {
    const headers = { 'Idempotency-Key': 'once' };
    const first = await ask(SOURCE, {}, { headers });
    expect((await ask(SOURCE.replace('hunter2', 'other'), {}, { headers })).body).toEqual(first.body);
    expect((await ask(SOURCE.replace('/shop', '/blog'), {}, { headers })).status).toBe(409);
  });
});
