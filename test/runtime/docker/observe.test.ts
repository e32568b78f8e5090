import { blueprintsOf } from '../../../src/runtime/docker/blueprints.js';
import { CONTAINER_STATUSES } from '../../../src/runtime/docker/engine/container.js';
import { ImageFacts } from '../../../src/runtime/docker/image-facts.js';
import { InterruptedError } from '../../../src/runtime/docker/interrupted-error.js';
import { namesWith } from '../../../src/runtime/docker/names.js';
import { observe } from '../../../src/runtime/docker/observe.js';
import { serveContainers } from './fake-containers.js';
import { FakeEngine, json } from './fake-engine.js';
import { sampleSpec } from './sample-spec.js';

const SPEC = sampleSpec();
const names = namesWith({ prefix: 'paas', network: 'net' });

let fake: FakeEngine;
beforeEach(async () => {
  fake = await FakeEngine.start();
  fake.on(/^GET \/networks/, json([]));
});
afterEach(() => fake[Symbol.asyncDispose]());

const OURS = {
  'paasdb.prefix': 'paas',
  'paasdb.kind': 'postgres',
  'paasdb.database': SPEC.id,
};
const RESTING = ['created', 'exited', 'dead', 'removing'];

const look = () => {
  const engine = fake.client();
  const wanted = blueprintsOf(SPEC, {
    prefix: 'paas',
    names,
    postgresImage: 'postgres:{version}-alpine',
    pgbouncerImage: 'pgbouncer:1',
  });
  const imageFacts = new ImageFacts({ engine, prefix: 'paas', randomId: () => 'x' });
  const deps = { engine, imageFacts, prefix: 'paas', names };
  return observe(deps, SPEC, { wanted, match: 'spec' }, new AbortController().signal);
};

it.each(CONTAINER_STATUSES)(
  'counts a container as a user of the volume unless it rests: %s',
  async (status) => {
    serveContainers(fake, [{ id: 'x1', name: 'stranger', status, volumes: [names.volume(SPEC.volumeId)] }]);
    expect((await look()).volumeUser).toBe(RESTING.includes(status) ? null : 'stranger');
  },
);

it.each(['removing', 'dead'] as const)(
  'takes nothing that is not found in a container for missing that is %s',
  async (status) => {
    fake.on(/^GET \/images\//, (_, response) => response.writeHead(404).end('{}'));
    serveContainers(fake, [{ id: 'p1', name: names.postgres(SPEC.id), status, labels: OURS }]);
    await expect(look()).rejects.toBeInstanceOf(InterruptedError);
  },
);

it('takes it for missing in one that stays', async () => {
  serveContainers(fake, [{ id: 'p1', name: names.postgres(SPEC.id), status: 'exited', labels: OURS }]);
  expect((await look()).postgres).toMatchObject({ marker: null, hasCluster: false });
});
