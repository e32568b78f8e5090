import { createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Engine } from '../../src/runtime/docker/engine/engine.js';
import { containerFilter } from '../../src/runtime/docker/labels.js';
import { lockRelations, readContents } from '../../src/runtime/docker/sql/contents.js';
import type { DatabaseSpec } from '../../src/runtime/runtime.js';
import { temporaryFolder } from '../temporary-folder.js';
import { EngineFixture, NEWEST, OLDEST, soon } from './engine-fixture.js';
import { restore } from './restore.js';
import { sampleContents, SAMPLE_SQL } from './sample-contents.js';
import { until } from './until.js';

jest.setTimeout(240_000);

const MIB = 1024 ** 2;
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

describe.each([OLDEST, NEWEST])('a dump of PostgreSQL %i', (engineVersion) => {
  const fixture = new EngineFixture();
  const source = fixture.spec({ engineVersion });
  const file = join(folder.path, `${engineVersion}.dump`);
  beforeAll(async () => {
    await fixture.apply(source);
    await using client = await fixture.connect(source, 'direct');
    await client.query(SAMPLE_SQL);
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const toFile = (archive: AsyncIterable<Buffer>) => pipeline(archive, createWriteStream(file));
  const dump = (consume = toFile, signal = soon()) => fixture.runtime.dump(source, consume, { signal });
  const nothingRemains = () => remainsNothing(fixture, source);

  it('is counted without holding on to the indexes: of locks there are only so many', async () => {
    await using client = await fixture.connect(source, 'direct');
    const query = async <Row extends object>(sql: string) => (await client.query<Row>(sql)).rows;
    const run = async (sql: string) => {
      await client.query(sql);
    };
    const session = { query, run };
    // As a session for the daemon: the owner does not have the rights on what a login made for itself.
    await run(`SET ROLE ${source.login.role}`);
    await run('BEGIN');
    const relations = await lockRelations(session);
    const { tables } = await readContents(session, relations);
    const held = await query<{ relkind: string }>(
      `SELECT DISTINCT relkind FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
       WHERE l.pid = pg_backend_pid() AND c.relnamespace <> 'pg_catalog'::regnamespace`,
    );
    expect(tables.some(({ rows }) => rows > 0)).toBe(true);
    expect(held).toEqual([{ relkind: 'r' }]);
  });

  it('tells exactly what it holds, while somebody writes', async () => {
    const writer = startWriter(fixture, source);
    const { contents, compression, dumpVersion } = await dump();
    expect(await writer.stop()).toBeGreaterThan(10);
    expect(compression).toBe(engineVersion < 16 ? 'gzip' : 'zstd');
    expect(Number.parseInt(dumpVersion)).toBeGreaterThanOrEqual(engineVersion);
    expect(Number.parseInt(contents.serverVersion)).toBe(engineVersion);
    expect(contents).toMatchObject(sampleContents(contents.tables));

    const target = fixture.spec({ engineVersion });
    await fixture.apply(target);
    expect((await beginningOf(file)).toString()).toBe('PGDMP');
    await restore(fixture.container(target, 'postgres'), file);
    const restored = await fixture.runtime.dump(target, drain, { signal: soon() });
    expect(restored.contents).toEqual(contents);
    const count = `SELECT count(*)::int AS rows FROM "Odd ""schema""".log`;
    const [row] = await fixture.query(target, count, 'direct');
    expect(contents.tables).toContainEqual({ schema: 'Odd "schema"', name: 'log', ...row });
    expect(await fixture.query(target, `SELECT convert_from(lo_get(4242), 'UTF8') AS text`)).toEqual([
      { text: 'large' },
    ]);
    await fixture.runtime.remove(target, { signal: soon() });
    await nothingRemains();
  });

  it('shows no secret', async () => {
    const events = await fixture.docker.getEvents({ filters: { container: [await idOf(fixture, source)] } });
    let seen = '';
    events.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await dump(drain);
    await until(() => seen.includes('pg_dump'), 5_000);
    (events as unknown as { destroy: () => void }).destroy();
    expect(seen).not.toContain(source.login.password);
    expect(JSON.stringify(fixture.logger.lines)).not.toContain(source.login.password);
  });

  it('ends with the consumer that has no room', async () => {
    const full = new Error('ENOSPC');
    await expect(dump(failing(full))).rejects.toBe(full);
    await nothingRemains();
  });

  it('ends with its signal, and at a full pipe', async () => {
    const controller = new AbortController();
    const consume = async (archive: AsyncIterable<Buffer>) => {
      for await (const chunk of archive) {
        expect(chunk.length).toBeGreaterThan(0);
        // Nobody reads: pg_dump comes to stand.
        await pause(1_500);
        controller.abort();
      }
    };
    await expect(dump(consume, controller.signal)).rejects.toMatchObject({ code: 'aborted' });
    await nothingRemains();
  });

  it('fails when pg_dump is killed', async () => {
    const consume = once(async () => {
      const containerId = await idOf(fixture, source);
      const request = { containerId, argv: ['sh', '-c', KILL_PG_DUMP], user: 'postgres', stdin: '' };
      const engine = new Engine({ owner: containerFilter(fixture.prefix) });
      await engine.execs.run({ ...request, deadlineMs: 20_000 }, soon());
    });
    await expect(dump(consume)).rejects.toMatchObject({
      code: 'dump_failed',
      message: expect.stringMatching(/pg_dump ended with 137/),
    });
    await nothingRemains();
  });

  it('fails when its session is ended', async () => {
    const consume = once(async () => {
      const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'paasdb-dump'`;
      await fixture.asSuperuser(source, end);
    });
    await expect(dump(consume)).rejects.toMatchObject({
      code: 'dump_failed',
      message: expect.stringMatching(/pg_dump ended with 1: pg_dump: error: /),
    });
  });

  it('reads what policies hide from everybody, and what belongs to another login', async () => {
    const before = (await dump(drain)).contents.tables;
    await fixture.query(source, 'ALTER TABLE notes FORCE ROW LEVEL SECURITY');
    await fixture.asSuperuser(
      source,
      'SET ROLE app_b; CREATE TABLE of_app_b (x int); REVOKE ALL ON of_app_b FROM PUBLIC; INSERT INTO of_app_b VALUES (1)',
      'app',
    );
    const { contents } = await dump(drain);
    expect(contents.tables.filter(({ name }) => name !== 'of_app_b')).toEqual(before);
    expect(contents.tables).toContainEqual({ schema: 'public', name: 'of_app_b', rows: 1 });
    await fixture.asSuperuser(source, 'DROP TABLE of_app_b', 'app');
    await fixture.query(source, 'ALTER TABLE notes NO FORCE ROW LEVEL SECURITY');
    await nothingRemains();
  });

  it('removes the role that a process which died has left', async () => {
    await fixture.asSuperuser(source, 'CREATE ROLE paasdb_dump_0ther_1 LOGIN BYPASSRLS IN ROLE app_owner');
    await dump(drain);
    await nothingRemains();
  });

  it("heeds no setting and no function of the tenant's", async () => {
    await fixture.query(source, HOSTILE_SQL, 'direct');
    const { contents } = await dump(drain);
    expect(contents).toMatchObject(sampleContents(contents.tables));
  });

  it('fails when its database stops', async () => {
    const container = fixture.container(source, 'postgres');
    await expect(dump(once(() => container.stop({ t: 5 })))).rejects.toMatchObject({ code: 'not_running' });
    await expect(dump()).rejects.toMatchObject({
      code: 'not_running',
      message: expect.stringMatching(/is exited: restart the database/),
    });
  });
});

it('takes the same memory however much it holds, and however slowly it is read', async () => {
  await using fixture = new EngineFixture();
  const spec = fixture.spec({ engineVersion: NEWEST });
  await fixture.apply(spec);
  await fixture.query(
    spec,
    `CREATE EXTENSION pgcrypto;
    CREATE TABLE noise AS SELECT gen_random_bytes(1000) AS x FROM generate_series(1, 330000)`,
    'direct',
  );
  const enough = new Error('enough');
  await expect(fixture.runtime.dump(spec, failing(enough), { signal: soon() })).rejects.toBe(enough);
  const before = process.memoryUsage.rss();
  let most = before;
  let bytes = 0;
  const consume = async (archive: AsyncIterable<Buffer>) => {
    for await (const chunk of archive) {
      const already = bytes;
      bytes += chunk.length;
      if (Math.floor(already / MIB) === Math.floor(bytes / MIB)) continue;
      await pause(20);
      most = Math.max(most, process.memoryUsage.rss());
    }
  };
  await fixture.runtime.dump(spec, consume, { signal: soon(200_000) });
  expect(bytes).toBeGreaterThan(300 * MIB);
  expect((most - before) / MIB).toBeLessThan(64);
});

const KILL_PG_DUMP = `for p in /proc/[0-9]*; do
  case "$(tr '\\0' ' ' <"$p/cmdline" 2>/dev/null)" in pg_dump*) kill -9 "\${p#/proc/}";; esac
done`;

const HOSTILE_SQL = `
  CREATE FUNCTION public.count(anyelement) RETURNS bigint LANGUAGE sql AS 'SELECT 7::bigint';
  CREATE FUNCTION public.pg_export_snapshot() RETURNS text LANGUAGE sql AS $$SELECT 'x'$$;
  CREATE TABLE public.pg_class (relname text);
  ALTER DATABASE app SET search_path = public, pg_catalog;
  SET ROLE app;
  ALTER ROLE app SET statement_timeout = '1ms';
  ALTER ROLE app SET idle_in_transaction_session_timeout = '1ms';
  ALTER ROLE app SET idle_session_timeout = '1ms';
  ALTER ROLE app SET lock_timeout = '1ms';
  ALTER ROLE app SET client_encoding = 'LATIN1';
  ALTER ROLE app SET default_transaction_read_only = on;
  ALTER ROLE app SET bytea_output = 'escape';
  ALTER ROLE app SET row_security = on`;

async function drain(archive: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of archive) expect(chunk.length).toBeGreaterThan(0);
}

/**
 * Does something once the first piece has come, and reads on slowly. To wait for it without reading could last:
 * the engine tells of the end of a program only after what others print in the container was read.
 */
function once(act: () => Promise<unknown>): (archive: AsyncIterable<Buffer>) => Promise<void> {
  return async (archive) => {
    let acting: Promise<unknown> | null = null;
    try {
      for await (const chunk of archive) {
        if (chunk.length > 0) acting ??= act();
        await pause(20);
      }
    } finally {
      await acting;
    }
  };
}

function failing(error: Error): (archive: AsyncIterable<Buffer>) => Promise<void> {
  return async (archive) => {
    let bytes = 0;
    for await (const chunk of archive) if ((bytes += chunk.length) > MIB) throw error;
  };
}

async function idOf(fixture: EngineFixture, spec: DatabaseSpec): Promise<string> {
  return (await fixture.container(spec, 'postgres').inspect()).Id;
}

async function beginningOf(file: string): Promise<Buffer> {
  expect((await stat(file)).size).toBeGreaterThan(MIB);
  const handle = await open(file);
  try {
    return (await handle.read(Buffer.alloc(5), 0, 5, 0)).buffer;
  } finally {
    await handle.close();
  }
}

/** Inserts as fast as it can until it is stopped, which tells how often it did. */
function startWriter(fixture: EngineFixture, spec: DatabaseSpec): { stop: () => Promise<number> } {
  let stopped = false;
  const write = async () => {
    await using client = await fixture.connect(spec, 'direct');
    let written = 0;
    while (!stopped) {
      await client.query(`INSERT INTO "Odd ""schema""".log (at) VALUES (now())`);
      await client.query(`INSERT INTO events VALUES (date '2026-02-03', 'live')`);
      written += 1;
    }
    return written;
  };
  const writing = write();
  return {
    stop: () => {
      stopped = true;
      return writing;
    },
  };
}

async function remainsNothing(fixture: EngineFixture, spec: DatabaseSpec): Promise<void> {
  const container = fixture.container(spec, 'postgres');
  await until(async () => {
    const { Processes } = (await container.top()) as { Processes: string[][] };
    return !Processes.flat().some((command) => command.includes('pg_dump'));
  }, 5_000);
  const roles = `SELECT rolname FROM pg_roles WHERE rolname LIKE 'paasdb%'`;
  await until(async () => (await fixture.query(spec, roles, 'direct')).length === 0, 5_000);
}
