import { EngineFixture, soon } from './engine-fixture.js';

jest.setTimeout(60_000);

const fixture = new EngineFixture();
const { docker } = fixture;
const spec = fixture.spec();
const gone = new AbortController();
let hints = 0;
let watching: Promise<void>;

beforeAll(async () => {
  await fixture.apply(spec);
  watching = fixture.runtime.watch(() => (hints += 1), gone.signal);
  await hinted();
});
afterAll(async () => {
  gone.abort();
  await watching;
  await fixture[Symbol.asyncDispose]();
});

/** Resolves when there was a hint since the last time. */
async function hinted(): Promise<void> {
  const signal = soon(10_000);
  while (hints === 0) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  // What belongs to the same change.
  await new Promise((resolve) => setTimeout(resolve, 300));
  hints = 0;
}

it.each<[string, () => Promise<unknown>]>([
  ['a killed pooler', () => fixture.container(spec, 'pooler').kill()],
  ['a removed pooler', () => fixture.container(spec, 'pooler').remove()],
  ['a removed volume', () => docker.getVolume(fixture.runtime.endpoints(spec.id).host).remove()],
  ['a paused PostgreSQL', () => fixture.container(spec, 'postgres').pause()],
  ['a removed PostgreSQL', () => fixture.container(spec, 'postgres').remove({ force: true })],
  ['a removed network', () => docker.getNetwork(fixture.networkName()).remove()],
])('hints at %s', async (_, change) => {
  hints = 0;
  await change();
  await hinted();
});

it('does not hint at what is not ours', async () => {
  hints = 0;
  const other = await docker.createContainer({ Image: fixture.options.pgbouncerImage, Entrypoint: ['true'] });
  await other.start();
  await other.wait();
  await other.remove({ v: true });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(hints).toBe(0);
});
