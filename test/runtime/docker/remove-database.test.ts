import { tarOf } from '../../../src/runtime/docker/engine/tar.js';
import { namesWith } from '../../../src/runtime/docker/names.js';
import { removeDatabase } from '../../../src/runtime/docker/remove-database.js';
import { serveContainers } from './fake-containers.js';
import { FakeEngine, json } from './fake-engine.js';

const names = namesWith({ prefix: 'paas', network: 'net' });
const DATABASE = { id: '1a', volumeId: '2b', engineVersion: 17, holdsData: false };
const OURS = { 'paasdb.prefix': 'paas', 'paasdb.kind': 'data', 'paasdb.volume': '2b' };
const POSTGRES = {
  id: 'p1',
  name: names.postgres('1a'),
  labels: { 'paasdb.prefix': 'paas', 'paasdb.kind': 'postgres', 'paasdb.database': '1a' },
};

let fake: FakeEngine;
beforeEach(async () => {
  fake = await FakeEngine.start();
  fake.on(/^DELETE \/volumes\//, (_, response) => response.writeHead(204).end());
});
afterEach(() => fake[Symbol.asyncDispose]());

const hasVolume = (labels: Record<string, string> = OURS) =>
  fake.on(/^GET \/volumes\/paas-db-2b/, json({ Name: 'paas-db-2b', Labels: labels }));

async function isMarked(): Promise<void> {
  const archive = await tarOf([{ name: 'paasdb.json', content: '{}', mode: 0o600, uid: 0, gid: 0 }]);
  fake.on(/^GET \/containers\/p1\/archive/, (_, response) => response.end(archive));
}

async function remove(changes: Partial<typeof DATABASE> = {}) {
  const { signal } = new AbortController();
  const engine = fake.client();
  return removeDatabase({ engine, prefix: 'paas', names }, { ...DATABASE, ...changes }, { signal });
}

const removed = () => fake.requests.filter((line) => line.startsWith('DELETE'));
const CONTAINER = expect.stringMatching(/^DELETE \/containers\/p1\?/);
const VOLUME = 'DELETE /volumes/paas-db-2b';

describe('the volume', () => {
  it('stays when the rows say that it holds data', async () => {
    serveContainers(fake, [POSTGRES]);
    hasVolume();
    expect(await remove({ holdsData: true })).toEqual({ volumeKept: true });
    expect(removed()).toEqual([CONTAINER]);
  });

  it('stays when it says itself that its initialisation was finished', async () => {
    serveContainers(fake, [POSTGRES]);
    hasVolume();
    await isMarked();
    expect(await remove()).toEqual({ volumeKept: true });
    expect(removed()).toEqual([CONTAINER]);
  });

  it('goes, after the container, when its initialisation never was', async () => {
    serveContainers(fake, [POSTGRES]);
    hasVolume();
    expect(await remove()).toEqual({ volumeKept: false });
    expect(removed()).toEqual([CONTAINER, VOLUME]);
  });

  it('stays when there is no container to look into it: a removal may have found data and been broken off', async () => {
    serveContainers(fake, []);
    hasVolume();
    expect(await remove()).toEqual({ volumeKept: true });
    expect(removed()).toEqual([]);
  });

  it('stays when its container is being removed already, and shows nothing any more', async () => {
    serveContainers(fake, [{ ...POSTGRES, status: 'removing' }]);
    hasVolume();
    await expect(remove()).rejects.toMatchObject({ code: 'unavailable' });
    expect(removed()).toEqual([]);
  });

  it('stays when its container is dead, and nobody can look into it', async () => {
    serveContainers(fake, [{ ...POSTGRES, status: 'dead' }]);
    hasVolume();
    expect(await remove()).toEqual({ volumeKept: true });
    expect(removed()).toEqual([CONTAINER]);
  });

  it('of somebody else under this name is left untouched', async () => {
    serveContainers(fake, [POSTGRES]);
    hasVolume({});
    expect(await remove()).toEqual({ volumeKept: false });
    expect(removed()).toEqual([CONTAINER]);
  });

  it('stays when its container vanishes while it is looked at', async () => {
    serveContainers(fake, [POSTGRES]);
    hasVolume();
    fake.on(/^GET \/containers\/p1\/json/, (_, response) => response.writeHead(404).end('{}'));
    await expect(remove()).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    expect(removed()).toEqual([]);
  });
});

it('removes what is gone already', async () => {
  serveContainers(fake, []);
  expect(await remove()).toEqual({ volumeKept: false });
  expect(removed()).toEqual([]);
});
