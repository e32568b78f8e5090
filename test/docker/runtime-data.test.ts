import type { DatabaseSpec } from '../../src/runtime/runtime.js';
import { EngineFixture, soon, VERSIONS } from './engine-fixture.js';
import { until } from './until.js';

jest.setTimeout(120_000);

const fixture = new EngineFixture();
const { docker } = fixture;
afterAll(() => fixture[Symbol.asyncDispose]());

/** A database with a table in it, whose containers are gone: only the volume is left. */
async function preserved(changes: Partial<DatabaseSpec> = {}): Promise<DatabaseSpec> {
  const spec = fixture.spec(changes);
  await fixture.apply(spec);
  await fixture.query(spec, 'CREATE TABLE kept AS SELECT 42 AS x');
  await fixture.runtime.remove(spec, { signal: soon() });
  return { ...spec, holdsData: true };
}

/** The data as it is when the right version is started on it. */
async function expectKept(spec: DatabaseSpec): Promise<void> {
  await fixture.apply(spec);
  expect(await fixture.query(spec, 'SELECT x FROM kept')).toEqual([{ x: 42 }]);
}

it('puts nothing in the place of a volume that is gone', async () => {
  const spec = fixture.spec({ holdsData: true });
  const before = await fixture.left();
  await expect(fixture.apply(spec)).rejects.toMatchObject({ code: 'data_missing', retryable: false });
  expect(await fixture.left()).toEqual(before);
});

it('starts nothing on a volume that was emptied', async () => {
  const spec = await preserved();
  const name = fixture.volumeName(spec);
  const { Labels } = await docker.getVolume(name).inspect();
  await docker.getVolume(name).remove();
  await docker.createVolume({ Name: name, Labels });
  await expect(fixture.apply(spec)).rejects.toMatchObject({ code: 'data_missing' });
  const { State } = await fixture.container(spec, 'postgres').inspect();
  expect(State).toMatchObject({ Status: 'created', StartedAt: '0001-01-01T00:00:00Z' });
});

const OTHERS = VERSIONS.flatMap((from) =>
  VERSIONS.filter((to) => to !== from).map((to) => [from, to] as const),
);

describe.each(VERSIONS)('data of PostgreSQL %i', (engineVersion) => {
  let spec: DatabaseSpec;
  beforeAll(async () => {
    spec = await preserved({ engineVersion });
  });

  it.each(OTHERS.filter(([from]) => from === engineVersion))('%i is not opened by %i', async (_, to) => {
    const other = fixture.spec({ engineVersion: to, volumeId: spec.volumeId, holdsData: true });
    await expect(fixture.apply(other)).rejects.toMatchObject({ code: 'data_mismatch', retryable: false });
    const { State } = await fixture.container(other, 'postgres').inspect();
    expect(State.Status).toBe('created');
    await fixture.runtime.remove(other, { signal: soon() });
  });

  it('is there afterwards', () => expectKept(spec));
});

it('refuses another version before it takes the running one down', async () => {
  const [from = 0, to = 0] = VERSIONS;
  const spec = fixture.spec({ engineVersion: from });
  await fixture.apply(spec);
  const before = await fixture.containerIds(spec);
  await expect(fixture.apply({ ...spec, engineVersion: to })).rejects.toMatchObject({
    code: 'data_mismatch',
  });
  expect(await fixture.containerIds(spec)).toEqual(before);
  expect(await fixture.query(spec, 'SELECT 1 AS x')).toEqual([{ x: 1 }]);
});

it('refuses an image of another libc before it takes the running one down', async () => {
  const spec = fixture.spec();
  await fixture.apply(spec);
  const before = await fixture.containerIds(spec);
  const image = await musl(fixture.options.postgresImage.replace('{version}', String(spec.engineVersion)));
  try {
    const switched = fixture.another({ postgresImage: image });
    const held = { ...spec, holdsData: true };
    const restarted = switched.restart(held, { signal: soon(), askedAt: new Date() });
    await expect(restarted).rejects.toMatchObject({
      code: 'data_mismatch',
      message: expect.stringMatching(/libc/),
    });
    expect(await fixture.containerIds(spec)).toEqual(before);
    expect(await fixture.query(spec, 'SELECT 1 AS x')).toEqual([{ x: 1 }]);
    await fixture.container(spec, 'postgres').remove({ force: true });
    await expect(fixture.apply(held, switched)).rejects.toMatchObject({ code: 'data_mismatch' });
    expect((await fixture.container(spec, 'postgres').inspect()).State.Status).toBe('created');
    // With the image of before all is as it was.
    await fixture.apply(held);
    expect(await fixture.query(spec, 'SELECT 1 AS x')).toEqual([{ x: 1 }]);
  } finally {
    await fixture.runtime.remove(spec, { signal: soon() });
    await docker.getImage(image).remove();
  }
});

/** The same image, but for what tells that it is of the other kind: Alpine's libc, or Debian's. */
async function musl(image: string): Promise<string> {
  const container = await docker.createContainer({
    Image: image,
    User: 'root',
    Entrypoint: ['sh', '-c', TOGGLE],
  });
  try {
    await container.start();
    await container.wait();
    const { Config } = await docker.getImage(image).inspect();
    const repo = `${fixture.prefix}-otherlibc`;
    await container.commit({ repo, tag: 'test', ...Config, Entrypoint: Config.Entrypoint, User: '' });
    return `${repo}:test`;
  } finally {
    await container.remove({ force: true, v: true });
  }
}

const TOGGLE = 'f=/etc/alpine-release; if [ -e $f ]; then rm $f; else touch $f; fi';

it('starts no image that keeps its data in an anonymous volume', async () => {
  const spec = fixture.spec();
  const name = fixture.options.postgresImage.replace('{version}', String(spec.engineVersion));
  const repo = `${fixture.prefix}-misplaced`;
  const container = await docker.createContainer({ Image: name });
  await container.commit({ repo, tag: 'test', changes: 'VOLUME /elsewhere' });
  await container.remove({ v: true });
  // Other tests' go with their containers.
  const anonymous = async () => {
    const { Volumes } = await docker.listVolumes({ filters: { dangling: ['true'] } });
    return Volumes.map((volume) => volume.Name).filter((volume) => /^[0-9a-f]{64}$/.test(volume));
  };
  try {
    const before = new Set(await anonymous());
    const misplaced = fixture.another({ postgresImage: `${repo}:test` });
    await expect(fixture.apply(spec, misplaced)).rejects.toMatchObject({
      code: 'image_unusable',
      message: expect.stringMatching(/declares a volume at \/elsewhere/),
    });
    expect((await fixture.left()).filter((thing) => thing.includes(spec.id))).toEqual([]);
    await until(async () => (await anonymous()).every((volume) => before.has(volume)), 5_000);
    await fixture.apply(spec);
  } finally {
    await docker.getImage(`${repo}:test`).remove();
  }
});

it('leaves a foreign volume of its name alone', async () => {
  const spec = fixture.spec();
  const name = fixture.volumeName(spec);
  await docker.createVolume({ Name: name, Labels: { whose: 'somebody' } });
  for (const holdsData of [true, false]) {
    await expect(fixture.apply({ ...spec, holdsData })).rejects.toMatchObject({
      code: 'conflict',
      retryable: false,
    });
  }
  await expect(fixture.runtime.destroyVolume(spec.volumeId, { signal: soon() })).rejects.toMatchObject({
    code: 'conflict',
  });
  expect((await docker.getVolume(name).inspect()).Labels).toEqual({ whose: 'somebody' });
});

it.each(['postgres', 'pooler'] as const)(
  'leaves a foreign container with the name of %s alone',
  async (kind) => {
    const spec = fixture.spec();
    const { host, directHost } = fixture.runtime.endpoints(spec.id);
    const image = fixture.options.pgbouncerImage;
    const foreign = await docker.createContainer({
      name: kind === 'postgres' ? directHost : host,
      Image: image,
    });
    await expect(fixture.apply(spec)).rejects.toMatchObject({ code: 'conflict', retryable: false });
    await fixture.runtime.remove(spec, { signal: soon() });
    expect((await foreign.inspect()).State.Status).toBe('created');
    await foreign.remove({ v: true });
    await fixture.apply(spec);
  },
);

it('leaves a foreign network of its name alone', async () => {
  const spec = fixture.spec({ org: 'foreign' });
  const foreign = await docker.createNetwork({ Name: fixture.networkName('foreign') });
  await expect(fixture.apply(spec)).rejects.toMatchObject({ code: 'conflict', retryable: false });
  expect((await foreign.inspect()).Containers).toEqual({});
});

it('opens no volume that another server runs on', async () => {
  const spec = fixture.spec();
  await fixture.apply(spec);
  const second = fixture.spec({ volumeId: spec.volumeId, holdsData: true });
  await expect(fixture.apply(second)).rejects.toMatchObject({ code: 'conflict' });
  expect(await fixture.query(spec, 'SELECT 1 AS x')).toEqual([{ x: 1 }]);
});

it('goes on when only the volume was made before', async () => {
  const spec = fixture.spec();
  await fixture.apply(spec);
  await fixture.runtime.remove(spec, { signal: soon() });
  const { Labels } = await docker.getVolume(fixture.volumeName(spec)).inspect();
  const empty = fixture.spec();
  await docker.createVolume({
    Name: fixture.volumeName(empty),
    Labels: { ...Labels, 'paasdb.volume': empty.volumeId, 'paasdb.database': empty.id },
  });
  await fixture.apply(empty);
  expect(await fixture.query(empty, 'SELECT 1 AS x')).toEqual([{ x: 1 }]);
});
