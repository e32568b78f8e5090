import { sleep } from '../../src/runtime/docker/engine/deadline.js';
import type { DatabaseSpec } from '../../src/runtime/runtime.js';
import { EngineFixture, soon } from './engine-fixture.js';

jest.setTimeout(120_000);

const fixture = new EngineFixture();
afterAll(() => fixture[Symbol.asyncDispose]());

/** Resolves as soon as the container of PostgreSQL runs. */
async function started(spec: DatabaseSpec): Promise<void> {
  for (;;) {
    const state = await fixture
      .container(spec, 'postgres')
      .inspect()
      .then(({ State }) => State.Status)
      .catch(() => 'missing');
    if (state === 'running') return;
    await sleep(5, soon());
  }
}

/** What there is of a database: one container of each kind and their volumes. */
async function expectNoMoreThan(spec: DatabaseSpec): Promise<void> {
  const { host, directHost } = fixture.runtime.endpoints(spec.id);
  const ours = (await fixture.left()).filter(
    (thing) => thing.includes(spec.id) || thing.includes(spec.volumeId),
  );
  expect(ours.sort()).toEqual(
    [
      `container ${directHost}`,
      `container ${host}`,
      `volume ${fixture.volumeName(spec)}`,
      `volume ${host}`,
    ].sort(),
  );
}

async function expectWhole(spec: DatabaseSpec): Promise<void> {
  expect(await fixture.query(spec, 'SELECT current_user')).toEqual([{ current_user: 'app_owner' }]);
  await expectNoMoreThan(spec);
  expect((await fixture.runtime.findDrift([spec], soon())).size).toBe(0);
}

const INSTANTS_MS = {
  SIGKILL: [0, 250, 550, 850, 1000, 1200],
  SIGINT: [0, 700, 1000],
};

describe.each(['SIGKILL', 'SIGINT'] as const)('PostgreSQL gets %s while it initialises', (signal) => {
  it.each(INSTANTS_MS[signal])('%i ms after its start: a whole database comes of it', async (ms) => {
    const spec = fixture.spec();
    const applied = fixture.apply(spec);
    await started(spec);
    await sleep(ms, soon());
    await fixture.container(spec, 'postgres').kill({ signal });
    await applied;
    // On a fast machine the signal may come after all was done: what resync does is part of the promise.
    await fixture.apply(spec, fixture.another());
    await expectWhole(spec);
    await fixture.runtime.remove(spec, { signal: soon() });
  });
});

it.each([50, 400, 800])(
  'begins anew when all was stopped %i ms after the start and nobody waited',
  async (ms) => {
    const spec = fixture.spec();
    const gone = new AbortController();
    const applied = fixture.runtime.apply(spec, { signal: gone.signal });
    await started(spec);
    await sleep(ms, soon());
    gone.abort();
    await expect(applied).rejects.toMatchObject({ code: 'aborted' });
    await fixture.container(spec, 'postgres').stop({ t: 0 });
    await fixture.apply(spec, fixture.another());
    await expectWhole(spec);
  },
);

it('goes on waiting for an initialisation that nobody broke off', async () => {
  const spec = fixture.spec();
  const gone = new AbortController();
  const applied = fixture.runtime.apply(spec, { signal: gone.signal });
  await started(spec);
  gone.abort();
  await expect(applied).rejects.toMatchObject({ code: 'aborted' });
  const { Id } = await fixture.container(spec, 'postgres').inspect();
  await fixture.apply(spec, fixture.another());
  expect((await fixture.container(spec, 'postgres').inspect()).Id).toBe(Id);
  await expectWhole(spec);
});

it('goes on from wherever it was aborted', async () => {
  for (let ms = 0; ms < 1600; ms += 200) {
    const spec = fixture.spec();
    await fixture.runtime.apply(spec, { signal: AbortSignal.timeout(ms) }).catch(() => undefined);
    await fixture.apply(spec, fixture.another());
    await expectWhole(spec);
    await fixture.runtime.remove(spec, { signal: soon() });
  }
});

it.each([0, 30, 300])('can be removed %i ms after its start', async (ms) => {
  const spec = fixture.spec();
  const gone = new AbortController();
  const applied = fixture.runtime.apply(spec, { signal: gone.signal });
  await started(spec);
  await sleep(ms, soon());
  gone.abort();
  await expect(applied).rejects.toMatchObject({ code: 'aborted' });
  await fixture.runtime.remove(spec, { signal: soon() });
  await fixture.runtime.destroyVolume(spec.volumeId, { signal: soon() });
  expect((await fixture.left()).filter((thing) => thing.includes(spec.id))).toEqual([]);
});

it('keeps what was initialised though the store does not know', async () => {
  const spec = fixture.spec();
  await fixture.apply(spec);
  await fixture.query(spec, 'CREATE TABLE kept AS SELECT 42 AS x');
  await fixture.container(spec, 'postgres').kill();
  await fixture.container(spec, 'postgres').remove({ force: true });
  await fixture.apply(spec);
  expect(await fixture.query(spec, 'SELECT x FROM kept')).toEqual([{ x: 42 }]);
});

it('makes ten at once, in two orgs', async () => {
  const specs = Array.from({ length: 10 }, (_, i) => fixture.spec({ org: i % 2 ? 'default' : 'acme' }));
  await Promise.all(specs.map((spec) => fixture.apply(spec)));
  for (const spec of specs) await expectWhole(spec);
});

it('tells what PostgreSQL said when it does not come up', async () => {
  const spec = fixture.spec({ resources: { ...fixture.spec().resources, memoryBytes: 8 * 1024 ** 2 } });
  const failure = await fixture.apply(spec).catch((error: unknown) => error as Error);
  expect(failure).toMatchObject({ code: 'start_failed', retryable: true });
  expect((failure as Error).message).toMatch(/PostgreSQL did not start/);
  await fixture.runtime.remove(spec, { signal: soon() });
});
