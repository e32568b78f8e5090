import { createServer, type Socket } from 'node:net';
import { compareContents } from '../../src/backups/compare-contents.js';
import type { Progress } from '../../src/domain/operation.js';
import type { Loaded, LoadOptions, SourceServer } from '../../src/runtime/runtime.js';
import { generateId } from '../../src/secrets/random.js';
import { EngineFixture, NEWEST, OLDEST, VERSIONS } from './engine-fixture.js';
import { loadOptions } from './load-options.js';
import { sampleContents, SAMPLE_SQL } from './sample-contents.js';
import { connectTo, freePort, HOST_ADDRESS, startSource } from './source-server.js';

jest.setTimeout(120_000);

/** One that is newer than a source, and older than another. */
const VERSION = VERSIONS.at(-2) ?? NEWEST;

const STRANGE_SQL = `
  CREATE ROLE app SUPERUSER; CREATE ROLE somebody;
  CREATE EXTENSION pageinspect;
  ALTER DATABASE "Shop = ""1""" SET statement_timeout = '100ms';
  ${SAMPLE_SQL};
  ALTER TABLE notes OWNER TO somebody;
  GRANT SELECT ON notes TO somebody;
  CREATE PUBLICATION all_of_it FOR ALL TABLES`;

describe('a load from a server', () => {
  const fixture = new EngineFixture();
  const spec = fixture.spec({ engineVersion: VERSION });
  let source: SourceServer;
  beforeAll(async () => {
    [source] = await Promise.all([startSource(fixture, OLDEST, STRANGE_SQL), fixture.apply(spec)]);
    await using client = await connectTo(source);
    await client.query('SET allow_in_place_tablespaces = on');
    await client.query(`CREATE TABLESPACE elsewhere LOCATION ''`);
    await client.query('ALTER TABLE moods SET TABLESPACE elsewhere');
  });
  afterAll(() => fixture[Symbol.asyncDispose]());
  afterEach(async () => {
    expect((await fixture.left()).filter((name) => name.includes('-load-'))).toEqual([]);
  });

  const load = (server: SourceServer, options: Partial<LoadOptions> = {}): Promise<Loaded> =>
    fixture.runtime.load(spec, () => Promise.resolve({ kind: 'server', server }), loadOptions(options));

  it('brings all of an older one, and tells what that held', async () => {
    const loadId = generateId();
    const names = [`${fixture.prefix}-load-${loadId}`, `${fixture.prefix}-load-${loadId}-source`];
    const inspections: Promise<object>[] = [];
    const events = await fixture.docker.getEvents({ filters: { container: names } });
    let seen = '';
    events.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    const onProgress = ({ step }: Progress) => {
      if (!step.startsWith('Dumping') || inspections.length > 0) return;
      inspections.push(...names.map((name) => fixture.docker.getContainer(name).inspect()));
    };
    const { source: held, contents, skipped } = await load(source, { loadId, onProgress });
    (events as unknown as { destroy: () => void }).destroy();

    expect(held).not.toBeNull();
    expect(held && contents && compareContents(held, contents)).toEqual([]);
    expect(Number.parseInt(held?.serverVersion ?? '')).toBe(OLDEST);
    expect(contents).toMatchObject(sampleContents(contents?.tables ?? []));
    expect(skipped).toContainEqual(expect.objectContaining({ what: 'extension pageinspect' }));
    const [bench, reader] = await Promise.all(inspections);
    const inside = { NetworkSettings: { Networks: { [fixture.networkName()]: expect.anything() } } };
    const outside = {
      NetworkSettings: { Networks: { [`${fixture.networkName()}_outside`]: expect.anything() } },
    };
    expect(bench).toMatchObject(inside);
    expect(bench).not.toMatchObject(outside);
    expect(reader).toMatchObject(outside);
    expect(reader).not.toMatchObject(inside);
    expect(seen).toContain('pg_dump');
    expect(seen).not.toContain(source.password);
    expect(JSON.stringify([bench, reader])).not.toContain(source.password);
  });

  it.each<[string, (server: SourceServer) => Partial<SourceServer>, RegExp]>([
    ['a wrong password', () => ({ password: 'wrong' }), /refused the user or the password/],
    ['no password', () => ({ password: '' }), /asks for a password|refused the user/],
    ['a database that is not there', () => ({ database: 'nowhere' }), /no such database/],
    ['TLS that it does not have', () => ({ sslMode: 'require' }), /It has no TLS/],
    ['a certificate that it does not have', () => ({ sslMode: 'verify-full' }), /It has no TLS/],
  ])('says what is wrong with %s', async (_, change, message) => {
    const error = load({ ...source, ...change(source) });
    await expect(error).rejects.toMatchObject({
      code: 'source_unusable',
      message: expect.stringMatching(message),
    });
    await expect(error).rejects.not.toMatchObject({ message: expect.stringContaining(source.password) });
  });

  it('says that nothing listens there', async () => {
    await expect(load({ ...source, port: await freePort() })).rejects.toMatchObject({
      code: 'source_unusable',
      message: expect.stringMatching(/Nothing listens there/),
    });
  });

  it('says that what listens there says nothing', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const { port } = server.address() as { port: number };
    await expect(load({ ...source, address: HOST_ADDRESS, port })).rejects.toMatchObject({
      code: 'source_unusable',
      message: expect.stringMatching(/did not answer within 15 s/),
    });
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('says which version could read a newer one', async () => {
    const newer = await startSource(fixture, NEWEST, 'SELECT 1');
    await expect(load(newer)).rejects.toMatchObject({
      code: 'source_unusable',
      message: expect.stringMatching(new RegExp(`import into a database of version ${NEWEST}`)),
    });
  });

  it('is dumped where it lets nobody count', async () => {
    await using superuser = await connectTo(source);
    await superuser.query(`CREATE ROLE clerk LOGIN IN ROLE pg_read_all_data PASSWORD 'clerk'`);
    await superuser.query('CREATE DATABASE closed');
    await using closed = await connectTo({ ...source, database: 'closed' });
    await closed.query(`
      REVOKE EXECUTE ON FUNCTION pg_export_snapshot() FROM PUBLIC;
      CREATE TABLE kept AS SELECT 1 AS x`);
    const clerk = { ...source, database: 'closed', user: 'clerk', password: 'clerk' };
    const { source: held, contents } = await load(clerk);
    expect(held).toBeNull();
    expect(contents?.tables).toEqual([{ schema: 'public', name: 'kept', rows: 1 }]);
  });

  it('says what its user may not read', async () => {
    await using client = await connectTo(source);
    await client.query(`CREATE ROLE poor LOGIN PASSWORD 'poor'`);
    await expect(load({ ...source, user: 'poor', password: 'poor' })).rejects.toMatchObject({
      code: 'source_unusable',
      message: expect.stringMatching(/GRANT pg_read_all_data/),
    });
  });

  it('ends with its signal', async () => {
    const controller = new AbortController();
    const onProgress = ({ step }: Progress) => {
      if (step.startsWith('Dumping')) controller.abort();
    };
    await expect(load(source, { signal: controller.signal, onProgress })).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});
