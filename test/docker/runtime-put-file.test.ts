import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type Docker from 'dockerode';
import { Engine } from '../../src/runtime/docker/engine/engine.js';
import { putFile } from '../../src/runtime/docker/files/put-file.js';
import { containerFilter } from '../../src/runtime/docker/labels.js';
import { EngineFixture, NEWEST, POSTGRES_IMAGE, soon } from './engine-fixture.js';
import { runIn } from './run-in.js';
import { until } from './until.js';

jest.setTimeout(60_000);

const MIB = 1024 ** 2;
const FOLDER = '/small';
const fixture = new EngineFixture();
const engine = new Engine({ owner: containerFilter(fixture.prefix) });
let container: Docker.Container;

/** With a disk of 8 MiB. */
beforeAll(async () => {
  const name = `${fixture.prefix}-small`;
  const Labels = { 'paasdb.prefix': fixture.prefix };
  const DriverOpts = { type: 'tmpfs', device: 'tmpfs', o: 'size=8m' };
  await fixture.docker.createVolume({ Name: name, Labels, DriverOpts });
  container = await fixture.docker.createContainer({
    name,
    Labels,
    Image: POSTGRES_IMAGE.replace('{version}', String(NEWEST)),
    Entrypoint: ['sleep', '600'],
    HostConfig: { ReadonlyRootfs: true, Mounts: [{ Type: 'volume', Source: name, Target: FOLDER }] },
  });
  await container.start();
});
afterAll(() => fixture[Symbol.asyncDispose]());

function pieces(count: number): AsyncIterable<Buffer> {
  return Readable.from(Array.from({ length: count }, (_, index) => Buffer.alloc(MIB, index)));
}

function put(open: () => AsyncIterable<Buffer>, sizeBytes: number, signal = soon()): Promise<void> {
  const file = { containerId: container.id, path: `${FOLDER}/file`, open, sizeBytes };
  return putFile(engine, file, signal);
}

it.each([0, 5])('puts %i MiB there, for whoever reads it and nobody to change', async (mib) => {
  await put(() => pieces(mib), mib * MIB);
  const said = await runIn(container, ['stat', '-c', '%s %a %U', `${FOLDER}/file`]);
  expect(said.toString()).toBe(`${mib * MIB} 444 root\n`);
});

it.each([9, 400])('says that the disk is full, of %i MiB', async (mib) => {
  await expect(put(() => pieces(mib), mib * MIB)).rejects.toMatchObject({ code: 'no_space' });
});

it.each([3, 7])('refuses what has another size than was said: %i MiB of 5', async (mib) => {
  await expect(put(() => pieces(mib), 5 * MIB)).rejects.toThrow(/size/i);
});

it('fails with what the pieces fail with', async () => {
  const broken = new Error('broken');
  async function* open() {
    yield* pieces(1);
    throw broken;
  }
  await expect(put(open, 5 * MIB)).rejects.toBe(broken);
});

it('ends with its signal, and closes what it reads from', async () => {
  const controller = new AbortController();
  let closed = false;
  async function* open() {
    try {
      yield Buffer.alloc(1000);
      controller.abort();
      await pause(20);
      yield Buffer.alloc(1000);
    } finally {
      closed = true;
    }
  }
  await expect(put(open, 5 * MIB, controller.signal)).rejects.toMatchObject({ code: 'aborted' });
  await until(() => closed, 5_000);
});
