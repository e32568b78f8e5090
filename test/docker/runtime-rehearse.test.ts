import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { compareContents } from '../../src/backups/compare-contents.js';
import type { Progress } from '../../src/domain/operation.js';
import { PLAN_OFFERS } from '../../src/domain/plans.js';
import { Engine } from '../../src/runtime/docker/engine/engine.js';
import { containerFilter } from '../../src/runtime/docker/labels.js';
import type { DatabaseContents, DatabaseSpec, Dump, SizedBytes } from '../../src/runtime/runtime.js';
import { temporaryFolder } from '../temporary-folder.js';
import { EngineFixture, NEWEST, OLDEST, POSTGRES_IMAGE, soon } from './engine-fixture.js';
import { sampleContents, SAMPLE_SQL } from './sample-contents.js';

jest.setTimeout(120_000);

const MIB = 1024 ** 2;
const BACKUP = '0drill0000000000';
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

interface Trial extends SizedBytes {
  version?: number;
  memoryBytes?: number;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

function rehearse(
  fixture: EngineFixture,
  { open, sizeBytes, version = NEWEST, memoryBytes = 256 * MIB, signal = soon(), onProgress }: Trial,
) {
  const rehearsal = { backupId: BACKUP, engineVersion: version, memoryBytes, open, sizeBytes };
  return fixture.runtime.rehearse(rehearsal, { signal, ...(onProgress && { onProgress }) });
}

function reading(file: string, sizeBytes = statSync(file).size): SizedBytes {
  const open = () => createReadStream(file, { end: sizeBytes - 1 }) as AsyncIterable<Buffer>;
  return { open, sizeBytes };
}

async function dump(fixture: EngineFixture, spec: DatabaseSpec, file: string): Promise<Dump> {
  const consume = (archive: AsyncIterable<Buffer>) => pipeline(archive, createWriteStream(file));
  return fixture.runtime.dump(spec, consume, { signal: soon() });
}

describe.each([OLDEST, NEWEST])('a drill of PostgreSQL %i', (version) => {
  it('restores all that was dumped, where nobody is, and leaves nothing', async () => {
    await using fixture = new EngineFixture();
    const spec = fixture.spec({ engineVersion: version });
    const file = join(folder.path, `${version}.dump`);
    await fixture.apply(spec);
    await using client = await fixture.connect(spec, 'direct');
    await client.query(SAMPLE_SQL);
    const { contents } = await dump(fixture, spec, file);
    const before = (await fixture.left()).toSorted();

    const steps = new Map<string, Progress>();
    const seen: Promise<object>[] = [];
    const onProgress = (progress: Progress) => {
      // Docker answers no question about a container while it writes into it: this may take as long.
      if (progress.step === 'Copying the archive') {
        seen.push(fixture.docker.getContainer(`${fixture.prefix}-drill-${BACKUP}`).inspect());
      }
      steps.set(progress.step, progress);
    };
    const restored = await rehearse(fixture, { ...reading(file), version, onProgress });

    expect(restored).toEqual(contents);
    expect(restored).toMatchObject(sampleContents(contents.tables));
    expect([...steps.keys()]).toEqual([
      'Starting a PostgreSQL',
      'Copying the archive',
      'Restoring',
      'Counting rows',
    ]);
    expect(steps.get('Restoring')?.total).toBeGreaterThan(20);
    expect(await Promise.all(seen)).toMatchObject([
      {
        HostConfig: {
          NetworkMode: 'none',
          Memory: 256 * MIB,
          MemorySwap: 256 * MIB,
          CapDrop: ['ALL'],
          ReadonlyRootfs: true,
        },
        Mounts: [{ Type: 'volume', Name: `${fixture.prefix}-drill-${BACKUP}` }],
      },
    ]);
    expect((await fixture.left()).toSorted()).toEqual(before);
  });
});

describe('a drill', () => {
  const fixture = new EngineFixture();
  const { resources } = PLAN_OFFERS.standard;
  const spec = fixture.spec({ resources });
  const whole = join(folder.path, 'whole.dump');
  let contents: DatabaseContents;
  beforeAll(async () => {
    await fixture.apply(spec);
    await using client = await fixture.connect(spec, 'direct');
    await client.query(`
      CREATE TABLE notes AS SELECT i, md5(i::text) AS body FROM generate_series(1, 100000) i;
      CREATE INDEX ON notes (body)`);
    ({ contents } = await dump(fixture, spec, whole));
  });
  afterAll(() => fixture[Symbol.asyncDispose]());
  afterEach(async () => {
    expect((await fixture.left()).filter((name) => name.includes('drill'))).toEqual([]);
  });

  it('shows which rows are missing', async () => {
    const file = join(folder.path, 'without-rows.dump');
    await pgDump(fixture, spec, ['--exclude-table-data=public.notes'], file);
    expect(compareContents(contents, await rehearse(fixture, reading(file)))).toEqual([
      'table "public"."notes" has 0 rows instead of 100000',
    ]);
  });

  it('fails where a part of the archive is missing, and where there is none', async () => {
    const cut = reading(whole, Math.floor(statSync(whole).size * 0.99));
    await expect(rehearse(fixture, cut)).rejects.toMatchObject({
      code: 'archive_unusable',
      message: expect.stringMatching(/cannot be read to its end/),
    });
    async function* nothing() {
      // Not a byte.
    }
    await expect(rehearse(fixture, { open: nothing, sizeBytes: 0 })).rejects.toMatchObject({
      code: 'archive_unusable',
    });
  });

  it('fails where an owner cannot be restored', async () => {
    const file = join(folder.path, 'stranger.dump');
    await superuser(fixture, spec, 'CREATE ROLE stranger; ALTER TABLE notes OWNER TO stranger');
    await pgDump(fixture, spec, [], file);
    await superuser(fixture, spec, 'ALTER TABLE notes OWNER TO app_owner');
    await expect(rehearse(fixture, reading(file))).rejects.toMatchObject({
      code: 'load_failed',
      message: expect.stringMatching(/role "stranger" does not exist/),
    });
  });

  it('fails with what breaks the archive off', async () => {
    const broken = new Error('the file is not what was stored');
    async function* open() {
      yield* reading(whole, 100_000).open();
      throw broken;
    }
    await expect(rehearse(fixture, { ...reading(whole), open })).rejects.toBe(broken);
  });

  it('ends with its signal, and takes all with it', async () => {
    const controller = new AbortController();
    const onProgress = ({ step }: Progress) => {
      if (step === 'Restoring') controller.abort();
    };
    const { signal } = controller;
    const trial = rehearse(fixture, { ...reading(whole), onProgress, signal });
    await expect(trial).rejects.toMatchObject({ code: 'aborted' });
  });

  it('says that PostgreSQL was stopped', async () => {
    const stop = () => fixture.docker.getContainer(`${fixture.prefix}-drill-${BACKUP}`).kill();
    const onProgress = ({ step }: Progress) => {
      if (step === 'Restoring') stop().catch(() => undefined);
    };
    await expect(rehearse(fixture, { ...reading(whole), onProgress })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/PostgreSQL (stopped|was killed)/),
    });
  });

  it('says that the memory was not enough', async () => {
    const file = join(folder.path, 'large.dump');
    const large = `CREATE MATERIALIZED VIEW large AS SELECT length(repeat('x', 250000000)) AS length`;
    await fixture.query(spec, large, 'direct');
    await dump(fixture, spec, file);
    await fixture.query(spec, 'DROP MATERIALIZED VIEW large', 'direct');
    await expect(rehearse(fixture, { ...reading(file), memoryBytes: 128 * MIB })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/PostgreSQL was killed.*128 MiB of memory/),
    });
  });

  it('clears away what one that died has left', async () => {
    await leaveBehind(fixture);
    expect(await rehearse(fixture, reading(whole))).toEqual(contents);
  });

  it('that died is cleared away at the next start', async () => {
    await leaveBehind(fixture);
    await fixture.another().sweep(soon());
  });
});

async function leaveBehind({ docker, prefix }: EngineFixture): Promise<void> {
  const name = `${prefix}-drill-${BACKUP}`;
  const Labels = { 'paasdb.prefix': prefix, 'paasdb.kind': 'drill', 'paasdb.backup': BACKUP };
  await docker.createVolume({ Name: name, Labels });
  const container = await docker.createContainer({
    name,
    Labels,
    Image: POSTGRES_IMAGE.replace('{version}', String(NEWEST)),
    Entrypoint: ['sleep', '600'],
    HostConfig: { Mounts: [{ Type: 'volume', Source: name, Target: '/var/lib/postgresql' }] },
  });
  await container.start();
}

async function superuser(fixture: EngineFixture, spec: DatabaseSpec, sql: string): Promise<void> {
  const containerId = (await fixture.container(spec, 'postgres').inspect()).Id;
  const argv = ['psql', '-U', 'postgres', '-d', 'app', '-v', 'ON_ERROR_STOP=1'];
  const engine = new Engine({ owner: containerFilter(fixture.prefix) });
  const request = { containerId, argv, user: 'postgres', stdin: sql, deadlineMs: 20_000 };
  expect(await engine.execs.run(request, soon())).toMatchObject({ exitCode: 0 });
}

/** An archive as only the superuser could make it. */
async function pgDump(
  fixture: EngineFixture,
  spec: DatabaseSpec,
  options: readonly string[],
  file: string,
): Promise<void> {
  const containerId = (await fixture.container(spec, 'postgres').inspect()).Id;
  const argv = ['pg_dump', '-U', 'postgres', '-d', 'app', '-Fc', ...options];
  const engine = new Engine({ owner: containerFilter(fixture.prefix) });
  await engine.execs.follow(
    { containerId, argv, user: 'postgres', stdin: '' },
    ({ stdout }) => pipeline(stdout, createWriteStream(file)),
    soon(),
  );
}
