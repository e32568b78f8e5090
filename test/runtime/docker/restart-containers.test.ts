import type { Blueprint } from '../../../src/runtime/docker/blueprint.js';
import { blueprintsOf, type Making } from '../../../src/runtime/docker/blueprints.js';
import { namesWith } from '../../../src/runtime/docker/names.js';
import { restartContainers } from '../../../src/runtime/docker/restart-containers.js';
import type { DatabaseSpec } from '../../../src/runtime/runtime.js';
import { serveContainers } from './fake-containers.js';
import { FakeEngine } from './fake-engine.js';
import { sampleSpec } from './sample-spec.js';

const names = namesWith({ prefix: 'paas', network: 'net' });
const making = {
  prefix: 'paas',
  names,
  postgresImage: 'postgres:{version}-alpine',
  pgbouncerImage: 'pgbouncer:1',
};
const SPEC = sampleSpec({ holdsData: true });
const ASKED_AT = new Date('2030-01-01T00:00:00.500Z');
const BEFORE = '2029-12-31T23:59:59.123456789Z';
const AFTER = '2030-01-01T00:00:00.600000001Z';

let fake: FakeEngine;
beforeEach(async () => {
  fake = await FakeEngine.start();
});
afterEach(() => fake[Symbol.asyncDispose]());

async function restarted(
  startedAt: { postgres: string; pooler: string },
  { spec = SPEC, changed = {} }: { spec?: DatabaseSpec; changed?: Partial<Making> } = {},
): Promise<string[]> {
  const { postgres, pooler } = blueprintsOf(spec, making);
  const labelsOf = ({ body }: Blueprint) => (body as { Labels: Record<string, string> }).Labels;
  serveContainers(fake, [
    { id: 'p1', name: postgres.name, startedAt: startedAt.postgres, labels: labelsOf(postgres) },
    { id: 'b1', name: pooler.name, startedAt: startedAt.pooler, labels: labelsOf(pooler) },
  ]);
  const engine = fake.client();
  const { signal } = new AbortController();
  await restartContainers({ engine, prefix: 'paas', making: { ...making, ...changed } }, spec, {
    signal,
    askedAt: ASKED_AT,
  });
  const restarts = fake.requests.flatMap(
    (line) => /^POST \/containers\/(\w+)\/restart/.exec(line)?.[1] ?? [],
  );
  return restarts.sort();
}

it.each([
  ['both', { postgres: BEFORE, pooler: BEFORE }, ['b1', 'p1']],
  ['the pooler alone', { postgres: AFTER, pooler: BEFORE }, ['b1']],
  ['PostgreSQL alone', { postgres: BEFORE, pooler: AFTER }, ['p1']],
  ['nothing', { postgres: AFTER, pooler: AFTER }, []],
])('restarts %s when the others were started after it was asked for', async (_, startedAt, expected) => {
  expect(await restarted(startedAt)).toEqual(expected);
});

it('does not break off an initialisation', async () => {
  const spec = sampleSpec({ holdsData: false });
  expect(await restarted({ postgres: BEFORE, pooler: BEFORE }, { spec })).toEqual(['b1']);
});

it('leaves to be made anew what would be made differently today', async () => {
  const changed = { pgbouncerImage: 'pgbouncer:2' };
  expect(await restarted({ postgres: BEFORE, pooler: BEFORE }, { changed })).toEqual(['p1']);
});
