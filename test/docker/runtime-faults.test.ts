import type { DatabaseSpec } from '../../src/runtime/runtime.js';
import { RuntimeError } from '../../src/runtime/runtime-error.js';
import { EngineProxy } from './engine-proxy.js';
import { EngineFixture, soon } from './engine-fixture.js';

jest.setTimeout(180_000);

const fixture = new EngineFixture();
let proxy: EngineProxy;
beforeAll(async () => {
  proxy = await EngineProxy.start();
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await fixture[Symbol.asyncDispose]();
});

/** Breaks the answer to the next request of a kind off. Returns whether that has happened. */
function cutNext(kind: string): () => boolean {
  let cut = false;
  proxy.decide = (request) => {
    if (cut || request.kind !== kind) return 'pass';
    cut = true;
    return 'cut';
  };
  return () => cut;
}

/** Tries as the provisioner does, and returns what went wrong on the way. */
async function persist(work: () => Promise<unknown>): Promise<RuntimeError[]> {
  const failures: RuntimeError[] = [];
  for (;;) {
    try {
      await work();
      return failures;
    } catch (error) {
      expect(error).toBeInstanceOf(RuntimeError);
      expect(error).toMatchObject({ retryable: true });
      failures.push(error as RuntimeError);
      if (failures.length === 5) throw error;
    }
  }
}

async function expectWhole(spec: DatabaseSpec): Promise<void> {
  expect(await fixture.query(spec, 'SELECT current_user')).toEqual([{ current_user: 'app_owner' }]);
  expect((await fixture.runtime.findDrift([spec], soon())).size).toBe(0);
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

const LIFE = [
  'GET /containers/json',
  'GET /networks',
  'GET /volumes/*',
  'GET /images/*/json',
  'POST /networks/create',
  'POST /volumes/create',
  'POST /containers/create',
  'GET /containers/*/json',
  'POST /containers/*/start',
  'GET /containers/*/archive',
  'PUT /containers/*/archive',
  'POST /containers/*/exec',
  'POST /exec/*/start',
  'GET /exec/*/json',
];

it.each(LIFE)(
  'an answer to %s that breaks off is found out, and the next try completes the database',
  async (kind) => {
    // Another org each time, so that there is a network to make.
    const spec = fixture.spec({ org: `org${LIFE.indexOf(kind)}` });
    const runtime = fixture.another({ dockerHost: proxy.dockerHost, callDeadlineMs: 3_000 });
    const isCut = cutNext(kind);
    const failures = await persist(() => fixture.apply(spec, runtime));
    expect(isCut()).toBe(true);
    // On a busy machine another call may meet the short deadline, too.
    expect(failures.map(({ code }) => code)).toEqual(failures.map(() => 'unavailable'));
    await expectWhole(spec);
    await fixture.runtime.remove(spec, { signal: soon() });
  },
);

it('these are all the requests that a new database takes', () => {
  const others = [
    'HEAD /containers/*/archive',
    'DELETE /containers/*',
    'DELETE /volumes/*',
    'POST /containers/*/stop',
  ];
  const kinds = new Set(proxy.seen.map(({ kind }) => kind));
  expect([...kinds].filter((kind) => !others.includes(kind)).sort()).toEqual([...LIFE].sort());
});

it.each(['POST /containers/*/stop', 'DELETE /containers/*', 'GET /volumes/*', 'DELETE /volumes/*'])(
  'an answer to %s that breaks off does not keep a database from being removed',
  async (kind) => {
    const spec = fixture.spec();
    const runtime = fixture.another({ dockerHost: proxy.dockerHost, callDeadlineMs: 3_000 });
    await fixture.apply(spec, runtime);
    // A stop has two minutes, and those are not waited for here.
    const isCut = cutNext(kind);
    const patience = kind.endsWith('stop') ? 5_000 : 60_000;
    await runtime.remove(spec, { signal: AbortSignal.timeout(patience) }).catch(() => undefined);
    await persist(() => runtime.remove(spec, { signal: soon() }));
    await persist(() => runtime.destroyVolume(spec.volumeId, { signal: soon() }));
    expect(isCut()).toBe(true);
    expect((await fixture.left()).filter((thing) => thing.includes(spec.id))).toEqual([]);
  },
);

it('an engine that is away is waited for by nobody, and found again', async () => {
  const spec = fixture.spec();
  const away = fixture.another({ dockerHost: 'unix:///nowhere.sock' });
  await expect(fixture.apply(spec, away)).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  await expect(away.check(soon())).rejects.toThrow(/Start Docker/);
  await expect(away.findDrift([spec], soon())).rejects.toMatchObject({ code: 'unavailable' });
  await expect(away.remove(spec, { signal: soon() })).rejects.toMatchObject({ code: 'unavailable' });
  await fixture.runtime.check(soon());
});

it('an image that is not to be had makes nothing', async () => {
  const spec = fixture.spec();
  const before = (await fixture.left()).sort();
  for (const changes of [
    { postgresImage: 'localhost:1/nope:{version}' },
    { pgbouncerImage: 'localhost:1/nope:1' },
  ]) {
    const failure = fixture.apply(spec, fixture.another(changes));
    await expect(failure).rejects.toMatchObject({
      name: 'RuntimeError',
      message: expect.stringMatching(/nope/),
    });
  }
  expect((await fixture.left()).sort()).toEqual(before);
});
