import { setTimeout as pause } from 'node:timers/promises';
import { Readable } from 'node:stream';
import type { LoadOptions, LoadSource } from '../../src/runtime/runtime.js';
import { RuntimeError } from '../../src/runtime/runtime-error.js';
import { generateId } from '../../src/secrets/random.js';
import { EngineProxy } from './engine-proxy.js';
import { EngineFixture, soon, type Way } from './engine-fixture.js';
import { loadOptions } from './load-options.js';
import { nothingOfLoads } from './nothing-of-loads.js';
import { exchangeWaits, holdCommits, holdExchange } from './hold-exchange.js';
import { until } from './until.js';

jest.setTimeout(240_000);

const fixture = new EngineFixture();
const spec = fixture.spec();

function script(sql: string): LoadSource {
  return { kind: 'script', open: () => Readable.from([Buffer.from(sql)]), sizeBytes: sql.length };
}

function load(from: LoadSource, options: Partial<LoadOptions> = {}, runtime = fixture.runtime) {
  return runtime.load(spec, () => Promise.resolve(from), loadOptions(options));
}

const marked = (mark: number) => script(`CREATE TABLE mark AS SELECT ${mark} AS mark`);
const markOf = async (way: Way = 'pooled') =>
  ((await fixture.query(spec, 'SELECT mark FROM mark', way)) as { mark: number }[])[0]?.mark;
const removePrevious = (loadId: string) => fixture.runtime.removePrevious(spec, loadId, { signal: soon() });

beforeAll(async () => {
  await fixture.apply(spec);
  await fixture.query(spec, 'CREATE TABLE mark AS SELECT 0 AS mark', 'direct');
});
afterAll(() => fixture[Symbol.asyncDispose]());

it('lets clients of the pooler wait for less than a second, and none fail', async () => {
  await fixture.query(spec, `ALTER DATABASE app SET work_mem = '7MB'`, 'direct');
  await fixture.query(spec, 'GRANT CONNECT ON DATABASE app TO pg_monitor', 'direct');
  await fixture.query(spec, `COMMENT ON DATABASE app IS 'ours'`, 'direct');
  await using direct = await fixture.connect(spec, 'direct');
  const seen: { mark: number; ms: number }[] = [];
  let stopped = false;
  const ask = async (name?: string) => {
    await using client = await fixture.connect(spec);
    while (!stopped) {
      const startedAt = performance.now();
      const query = { text: 'SELECT mark FROM mark WHERE mark >= $1', values: [0], ...(name && { name }) };
      const { rows } = await client.query<{ mark: number }>(query);
      seen.push({ mark: rows[0]?.mark ?? -1, ms: performance.now() - startedAt });
      await pause(5);
    }
  };
  const asking = Promise.all([ask(), ask('prepared'), ask('prepared')]);
  const loadId = generateId();
  const { interruptedMs, previous } = await load(marked(1), { loadId });
  const answered = seen.length;
  await until(() => seen.length > answered + 10, 5_000);
  stopped = true;
  await asking;
  expect(interruptedMs).toBeLessThan(1000);
  expect(Math.max(...seen.map(({ ms }) => ms))).toBeLessThan(1000);
  expect(new Set(seen.map(({ mark }) => mark))).toEqual(new Set([0, 1]));
  expect(seen.at(-1)?.mark).toBe(1);

  // Direct connections are closed, and find the new data when they come back.
  await expect(direct.query('SELECT 1')).rejects.toThrow();
  expect(await markOf('direct')).toBe(1);
  const [kept] = await fixture.query(
    spec,
    `SELECT current_setting('work_mem') AS memory, datacl::text AS rights, shobj_description(oid, 'pg_database') AS comment
     FROM pg_database WHERE datname = 'app'`,
    'direct',
  );
  expect(kept).toEqual({
    memory: '7MB',
    rights: expect.stringContaining('pg_monitor=c/') as string,
    comment: 'ours',
  });
  await using former = await fixture.connect(spec, 'direct', spec.login, { database: previous });
  expect((await former.query('SELECT mark FROM mark')).rows).toEqual([{ mark: 0 }]);
  await removePrevious(loadId);
  await removePrevious(loadId);
  await nothingOfLoads(fixture, spec);
});

it('gives transactions that do not end a short grace', async () => {
  await using client = await fixture.connect(spec);
  await client.query('BEGIN');
  await client.query('SELECT 1');
  const loadId = generateId();
  const { interruptedMs } = await load(marked(2), { loadId });
  expect(interruptedMs).toBeLessThan(1500);
  expect(await markOf()).toBe(2);
  await removePrevious(loadId);
});

it('finishes what was done already when it is asked again', async () => {
  const loadId = generateId();
  // Not even its owner may count it.
  const hidden = `ALTER TABLE mark ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY all_of_it ON mark USING (true)`;
  const onExchange = jest.fn();
  const first = await load(script(`CREATE TABLE mark AS SELECT 3 AS mark; ${hidden}`), {
    loadId,
    onExchange,
  });
  expect(onExchange.mock.calls).toEqual([[null], [first.previous]]);
  await fixture.container(spec, 'pooler').kill({ signal: 'SIGUSR1' });
  const again = await load(marked(99), { loadId });
  expect(again).toEqual({ ...first, interruptedMs: null, skipped: null, source: null });
  expect(await markOf()).toBe(3);
  await removePrevious(loadId);
  await nothingOfLoads(fixture, spec);
});

it('knows that it was done though the answer to that was lost', async () => {
  const { directHost } = fixture.runtime.endpoints(spec.id);
  await using proxy = await EngineProxy.start();
  const loadId = generateId();
  const release = await holdExchange(directHost);
  const loading = load(marked(8), { loadId }, fixture.another({ dockerHost: proxy.dockerHost }));
  await exchangeWaits(directHost);
  const commits = await holdCommits(directHost);
  release();
  await commits.wait();
  proxy.breakConnections();
  await commits.release();
  const tables = [{ schema: 'public', name: 'mark', rows: 1 }];
  expect(await loading).toMatchObject({ contents: { tables }, skipped: [], interruptedMs: null });
  expect(await markOf()).toBe(8);
  await removePrevious(loadId);
  await nothingOfLoads(fixture, spec);
});

it('loads for a login that only reads', async () => {
  const set = 'SET ROLE app; ALTER ROLE app SET default_transaction_read_only = on';
  await fixture.query(spec, set, 'direct');
  const loadId = generateId();
  await load(marked(4), { loadId });
  expect(await markOf()).toBe(4);
  await fixture.query(
    spec,
    'BEGIN READ WRITE; SET ROLE app; ALTER ROLE app RESET default_transaction_read_only; COMMIT',
    'direct',
  );
  await removePrevious(loadId);
});

it('first ends what a load that was given up still makes', async () => {
  const making = `SET application_name = 'paasdb'; SELECT pg_sleep(50) AS paasdb_new_given_up`;
  const ended = expect(fixture.asSuperuser(spec, making)).rejects.toThrow(/terminating connection/);
  const sleeping = `SELECT FROM pg_stat_activity WHERE application_name = 'paasdb'`;
  await until(async () => (await fixture.query(spec, sleeping)).length > 0, 10_000);
  const loadId = generateId();
  await load(marked(5), { loadId });
  await ended;
  await removePrevious(loadId);
});

describe('what is broken off in the middle', () => {
  /** Goes on for ever after its first statements. */
  const endless = () => script('CREATE TABLE half AS SELECT 1; SELECT pg_sleep(600);');
  const workbench = (loadId: string) => fixture.docker.getContainer(`${fixture.prefix}-load-${loadId}`);
  const halfThere = async () =>
    (await fixture.query(spec, `SELECT 1 FROM pg_database WHERE datname ~ '^paasdb_new_'`)).length > 0;
  let mark: number | undefined;
  beforeAll(async () => {
    mark = await markOf();
  });
  afterEach(async () => {
    expect(await markOf()).toBe(mark);
    await nothingOfLoads(fixture, spec);
  });

  it('leaves nothing when it is not wanted any more', async () => {
    const controller = new AbortController();
    const loading = load(endless(), { signal: controller.signal });
    const settled = expect(loading).rejects.toMatchObject({ code: 'aborted' });
    await until(halfThere, 20_000);
    controller.abort();
    await settled;
  });

  it('leaves nothing when its workbench is killed', async () => {
    const loadId = generateId();
    const settled = expect(load(endless(), { loadId })).rejects.toBeInstanceOf(RuntimeError);
    await until(halfThere, 20_000);
    await workbench(loadId).kill();
    await settled;
  });

  it('leaves nothing when PostgreSQL is killed', async () => {
    const settled = expect(load(endless())).rejects.toMatchObject({ retryable: true });
    await until(halfThere, 20_000);
    await fixture.container(spec, 'postgres').kill();
    await settled;
    await fixture.apply(spec);
  });

  it('leaves nothing when its workbench cannot be made', async () => {
    await using proxy = await EngineProxy.start();
    proxy.decide = ({ kind }) =>
      kind === 'POST /containers/create' ? { status: 500, message: 'no space left on device' } : 'pass';
    const runtime = fixture.another({ dockerHost: proxy.dockerHost });
    await expect(load(marked(9), {}, runtime)).rejects.toBeInstanceOf(RuntimeError);
  });

  it('is swept at the next start when the daemon died', async () => {
    const proxy = await EngineProxy.start();
    const dying = load(endless(), {}, fixture.another({ dockerHost: proxy.dockerHost }));
    const settled = expect(dying).rejects.toBeInstanceOf(RuntimeError);
    await until(halfThere, 20_000);
    await proxy[Symbol.asyncDispose]();
    await settled;
    expect(await halfThere()).toBe(true);
    await fixture.another().sweep(soon());
  });
});
