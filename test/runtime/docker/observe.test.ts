import { blueprintsOf } from '../../../src/runtime/docker/blueprints.js';
import { CONTAINER_STATUSES } from '../../../src/runtime/docker/engine/container.js';
import { ImageFacts } from '../../../src/runtime/docker/image-facts.js';
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

const RESTING = ['created', 'exited', 'dead', 'removing'];

it.each(CONTAINER_STATUSES)(
  'counts a container as a user of the volume unless it rests: %s',
  async (status) => {
    serveContainers(fake, [{ id: 'x1', name: 'stranger', status, volumes: [names.volume(SPEC.volumeId)] }]);
    const engine = fake.client();
    const wanted = blueprintsOf(SPEC, {
      prefix: 'paas',
      names,
      postgresImage: 'postgres:{version}-alpine',
      pgbouncerImage: 'pgbouncer:1',
    });
    const deps = {
      engine,
      imageFacts: new ImageFacts({ engine, prefix: 'paas', randomId: () => 'x' }),
      prefix: 'paas',
      names,
    };
    const { volumeUser } = await observe(deps, SPEC, { wanted, match: 'spec' }, new AbortController().signal);
    expect(volumeUser).toBe(RESTING.includes(status) ? null : 'stranger');
  },
);
