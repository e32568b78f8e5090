import { execFileSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type Docker from 'dockerode';
import { Engine } from '../../src/runtime/docker/engine/engine.js';
import { whileRoom } from '../../src/runtime/docker/while-room.js';
import { containerFilter } from '../../src/runtime/docker/labels.js';
import { generateId } from '../../src/secrets/random.js';
import { EngineFixture, NEWEST, POSTGRES_IMAGE, soon } from './engine-fixture.js';
import { loadOptions } from './load-options.js';
import { nothingOfLoads } from './nothing-of-loads.js';
import { runIn } from './run-in.js';

jest.setTimeout(120_000);

const MIB = 1024 ** 2;
const FOLDER = '/small';
const SHORT = { code: 'no_space', message: expect.stringContaining('(5 % of it') as string };
const fixture = new EngineFixture();
const engine = new Engine({ owner: containerFilter(fixture.prefix) });
afterAll(() => fixture[Symbol.asyncDispose]());

/** A disk in memory. */
function makeDisk(name: string, sizeMib: number, labels: Record<string, string> = {}): void {
  const tagged = Object.entries({ 'paasdb.prefix': fixture.prefix, ...labels });
  execFileSync('docker', [
    ...[
      'volume',
      'create',
      '--opt',
      'type=tmpfs',
      '--opt',
      'device=tmpfs',
      '--opt',
      `o=size=${sizeMib}m,mode=1777`,
    ],
    ...tagged.flatMap(([label, value]) => ['--label', `${label}=${value}`]),
    name,
  ]);
}

describe('what fills a disk', () => {
  const name = `${fixture.prefix}-small`;
  let container: Docker.Container;
  const place = () => ({ containerId: container.id, path: FOLDER });
  const fill = (mib: number) =>
    runIn(container, ['dd', 'if=/dev/zero', `of=${FOLDER}/file`, 'bs=1048576', `count=${mib}`]);

  beforeAll(async () => {
    makeDisk(name, 40);
    container = await fixture.docker.createContainer({
      name,
      Labels: { 'paasdb.prefix': fixture.prefix },
      Image: POSTGRES_IMAGE.replace('{version}', String(NEWEST)),
      Entrypoint: ['sleep', '600'],
      HostConfig: { ReadonlyRootfs: true, Mounts: [{ Type: 'volume', Source: name, Target: FOLDER }] },
    });
    await container.start();
  });

  it('is not bothered as long as there is room', async () => {
    const work = async () => {
      await fill(37);
      await pause(1_500);
      return 'done';
    };
    await expect(whileRoom(engine.execs, place(), work, soon())).resolves.toBe('done');
  });

  it('is stopped when there is none, before the disk is full', async () => {
    const stopped = jest.fn();
    const work = async (signal: AbortSignal) => {
      await fill(39);
      await pause(30_000, undefined, { signal }).catch(stopped);
    };
    await expect(whileRoom(engine.execs, place(), work, soon())).rejects.toMatchObject(SHORT);
    expect(stopped).toHaveBeenCalledTimes(1);
  });

  it('fails with its own error', async () => {
    await fill(1);
    const work = () => Promise.reject(new Error('its own'));
    await expect(whileRoom(engine.execs, place(), work, soon())).rejects.toThrow('its own');
  });

  it('goes on where nothing can be watched', async () => {
    const work = async () => {
      await pause(500);
      return 'done';
    };
    const nowhere = { ...place(), path: '/nowhere' };
    await expect(whileRoom(engine.execs, nowhere, work, soon())).resolves.toBe('done');
    const noContainer = { ...place(), containerId: `${fixture.prefix}-gone` };
    await expect(whileRoom(engine.execs, noContainer, work, soon())).resolves.toBe('done');
  });
});

const PADDING = Buffer.from(`-- ${'padding '.repeat(100)}\n`.repeat(1_300));

/** A script that takes its time when it has filled the disk. */
function slowScript(sizeMib: number) {
  const end = Buffer.from('\nSELECT pg_sleep(30);\n');
  const count = Math.floor((sizeMib * MIB) / PADDING.length);
  const open = () => Readable.from([...Array.from({ length: count }, () => PADDING), end]);
  return { kind: 'script' as const, open, sizeBytes: count * PADDING.length + end.length };
}

it('a load gives the disk up before the databases have none', async () => {
  const spec = fixture.spec();
  await fixture.apply(spec);
  await fixture.query(spec, 'CREATE TABLE mine AS SELECT 42 AS x', 'direct');
  const loadId = generateId();
  const labels = { 'paasdb.kind': 'scratch', 'paasdb.load': loadId };
  makeDisk(`${fixture.prefix}-load-${loadId}`, 40, labels);
  await expect(
    fixture.runtime.load(spec, () => Promise.resolve(slowScript(39.2)), loadOptions({ loadId })),
  ).rejects.toMatchObject(SHORT);
  expect(await fixture.query(spec, 'SELECT x FROM mine', 'direct')).toEqual([{ x: 42 }]);
  await nothingOfLoads(fixture, spec);
});

it('so does a drill', async () => {
  const spec = fixture.spec();
  await fixture.apply(spec);
  await fixture.query(spec, 'CREATE MATERIALIZED VIEW slow AS SELECT pg_sleep(3)::text AS nothing', 'direct');
  const pieces: Buffer[] = [];
  const consume = async (archive: AsyncIterable<Buffer>) => {
    for await (const piece of archive) pieces.push(piece);
  };
  await fixture.runtime.dump(spec, consume, { signal: soon() });
  const backupId = generateId();
  // Of which a PostgreSQL that is empty takes some 50 MiB: at least 31, and at most 82.
  const sizeMib = 1024;
  // What comes behind an archive is not read.
  const archive = Buffer.concat(pieces);
  const behind = Buffer.alloc(Math.floor((sizeMib * 0.92 * MIB) / 100));
  const rehearsal = {
    backupId,
    engineVersion: NEWEST,
    memoryBytes: 256 * MIB,
    open: () => Readable.from([archive, ...Array.from({ length: 100 }, () => behind)]),
    sizeBytes: archive.length + 100 * behind.length,
  };
  // Before it makes one of that name itself.
  const onProgress = ({ step }: { step: string }) => {
    if (step !== 'Starting a PostgreSQL') return;
    makeDisk(`${fixture.prefix}-drill-${backupId}`, sizeMib, {
      'paasdb.kind': 'drill',
      'paasdb.backup': backupId,
    });
  };
  await expect(fixture.runtime.rehearse(rehearsal, { signal: soon(), onProgress })).rejects.toMatchObject(
    SHORT,
  );
  expect((await fixture.left()).filter((thing) => thing.includes('drill'))).toEqual([]);
});
