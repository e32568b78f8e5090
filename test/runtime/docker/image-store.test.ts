import { ImageStore } from '../../../src/runtime/docker/image-store.js';
import { FakeEngine, json, status, type Answer } from './fake-engine.js';

const never = new AbortController().signal;
const ignore = () => undefined;

let fake: FakeEngine;
let images: ImageStore;
beforeEach(async () => {
  fake = await FakeEngine.start();
  images = new ImageStore(fake.client(500));
});
afterEach(() => fake[Symbol.asyncDispose]());

const LOOK = /GET \/images\/.*\/json/;
const PULL = /POST \/images\/create/;
const pulls = () => fake.requests.filter((request) => PULL.test(request));

/** Answers a pull with these lines, and has the image be there afterwards. */
function pullable(...lines: unknown[]): Answer {
  return (_, response) => {
    fake.on(LOOK, json({ Id: 'sha256:1' }));
    response.end(lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
  };
}

it('does not pull what is here', async () => {
  fake.on(LOOK, json({ Id: 'sha256:1' }));
  expect(await images.ensure('postgres:17', ignore, never)).toBe('sha256:1');
  expect(pulls()).toEqual([]);
});

it.each([
  ['postgres:17-alpine', 'fromImage=postgres&tag=17-alpine'],
  ['localhost:5000/team/postgres', 'fromImage=localhost%3A5000%2Fteam%2Fpostgres&tag=latest'],
  ['postgres@sha256:0123', 'fromImage=postgres%40sha256%3A0123'],
])('pulls %s and nothing more of that name', async (reference, query) => {
  fake.on(PULL, pullable());
  await images.ensure(reference, ignore, never);
  expect(pulls()).toEqual([`POST /images/create?${query}`]);
});

it('reports how much is here, whatever else the engine says', async () => {
  const percents: number[] = [];
  const layer = (id: string, current: number) => ({ id, progressDetail: { current, total: 100 } });
  fake.on(PULL, pullable(layer('a', 50), 'not json', { status: 'x' }, layer('b', 50), layer('b', 100)));
  await images.ensure('x', (percent) => percents.push(percent), never);
  expect(percents).toEqual([50, 50, 75]);
});

it('pulls once for all who wait', async () => {
  fake.on(PULL, (request, response) => setTimeout(() => pullable()(request, response), 50));
  const ids = await Promise.all([1, 2, 3].map(() => images.ensure('x', ignore, never)));
  expect(ids).toEqual(['sha256:1', 'sha256:1', 'sha256:1']);
  expect(pulls()).toHaveLength(1);
});

it('goes on for the others when one does not wait any more, and stops when none does', async () => {
  let broken = 0;
  fake.on(PULL, (_, response) => response.once('close', () => (broken += 1)).write('{}\n'));
  const gone = [new AbortController(), new AbortController()] as const;
  const [one, two] = gone.map(({ signal }) => images.ensure('x', ignore, signal));
  while (pulls().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  gone[0].abort();
  await expect(one).rejects.toMatchObject({ code: 'aborted' });
  expect(broken).toBe(0);
  gone[1].abort();
  await expect(two).rejects.toMatchObject({ code: 'aborted' });
  while (broken === 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

it('can be asked again after it was aborted', async () => {
  fake.on(PULL, (_, response) => response.write('{}\n'));
  const gone = new AbortController();
  const first = images.ensure('x', ignore, gone.signal);
  while (pulls().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  gone.abort();
  await expect(first).rejects.toMatchObject({ code: 'aborted' });
  fake.on(PULL, pullable());
  expect(await images.ensure('x', ignore, never)).toBe('sha256:1');
});

describe('fails for good', () => {
  it.each<[string, Answer]>([
    ['the registry has none', status(404, 'pull access denied for x, repository does not exist')],
    ['the registry has no such tag', status(404, 'manifest for x:17 not found: manifest unknown')],
    [
      'that is only said in the stream',
      (_, response) => response.end('{"error":"manifest unknown","errorDetail":{}}\n'),
    ],
  ])('when %s', async (_, answer) => {
    fake.on(PULL, answer);
    await expect(images.ensure('x:17', ignore, never)).rejects.toMatchObject({
      code: 'image_unusable',
      retryable: false,
      message: expect.stringMatching(/no image x:17.*is its name right\?/),
    });
  });
});

describe('can be tried again', () => {
  it.each<[string, Answer, RegExp]>([
    [
      'the registry does not answer',
      status(500, 'Get "https://registry/v2/": no such host'),
      /pulling it failed/,
    ],
    [
      'the connection breaks, which looks like a success',
      (_, response) => response.write('{}\n', () => response.destroy()),
      /pulling it failed/,
    ],
    ['the stream ends and there is no image', (_, response) => response.end('{}\n'), /the pull broke off/],
  ])('when %s', async (_, answer, message) => {
    fake.on(PULL, answer);
    const failure = images.ensure('x', ignore, never);
    await expect(failure).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await expect(failure).rejects.toThrow(message);
  });

  it('when the disk is full, which is said as such', async () => {
    fake.on(PULL, status(500, 'write /var/lib/docker/tmp/x: no space left on device'));
    await expect(images.ensure('x', ignore, never)).rejects.toMatchObject({
      code: 'no_space',
      retryable: true,
    });
  });
});
