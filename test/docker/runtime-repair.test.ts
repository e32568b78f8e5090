import { PLAN_OFFERS } from '../../src/domain/plans.js';
import { sleep } from '../../src/runtime/docker/engine/deadline.js';
import type { DatabaseSpec } from '../../src/runtime/runtime.js';
import { EngineFixture, PGBOUNCER_IMAGE, soon } from './engine-fixture.js';
import { until } from './until.js';

jest.setTimeout(120_000);

const fixture = new EngineFixture();
const { docker } = fixture;
const spec: DatabaseSpec = { ...fixture.spec(), holdsData: true };

beforeAll(async () => {
  await fixture.apply({ ...spec, holdsData: false });
  await fixture.query(spec, 'CREATE TABLE kept AS SELECT 42 AS x');
});
afterAll(() => fixture[Symbol.asyncDispose]());

/** What is wrong, by the runtime's own words; `undefined` when nothing is. */
async function drift(wanted = spec): Promise<string | undefined> {
  return (await fixture.runtime.findDrift([wanted], soon())).get(wanted.id);
}

const DAMAGES: [string, () => Promise<unknown>, RegExp][] = [
  ['PostgreSQL stopped', () => fixture.container(spec, 'postgres').stop(), /-db-.* is exited/],
  ['PostgreSQL stopped hard', () => fixture.container(spec, 'postgres').stop({ t: 0 }), /-db-.* is exited/],
  ['PostgreSQL paused', () => fixture.container(spec, 'postgres').pause(), /-db-.* is paused/],
  [
    'PostgreSQL removed',
    () => fixture.container(spec, 'postgres').remove({ force: true }),
    /-db-.* is missing/,
  ],
  ['the pooler stopped', () => fixture.container(spec, 'pooler').stop(), /-pgbouncer-.* is exited/],
  ['the pooler paused', () => fixture.container(spec, 'pooler').pause(), /-pgbouncer-.* is paused/],
  [
    'the pooler removed',
    () => fixture.container(spec, 'pooler').remove({ force: true }),
    /-pgbouncer-.* is missing/,
  ],
  [
    'the pooler and its files removed',
    async () => {
      await fixture.container(spec, 'pooler').remove({ force: true });
      await docker.getVolume(`${fixture.prefix}-pgbouncer-${spec.id}`).remove();
    },
    /-pgbouncer-.* is missing/,
  ],
  [
    'both removed',
    async () => {
      await fixture.container(spec, 'postgres').remove({ force: true });
      await fixture.container(spec, 'pooler').remove({ force: true });
    },
    /is missing/,
  ],
  [
    'PostgreSQL taken off its network',
    () =>
      docker
        .getNetwork(fixture.networkName())
        .disconnect({ Container: fixture.runtime.endpoints(spec.id).directHost, Force: true }),
    /is not in network/,
  ],
  [
    'the network removed under stopped containers',
    async () => {
      await fixture.container(spec, 'postgres').stop();
      await fixture.container(spec, 'pooler').stop();
      await docker.getNetwork(fixture.networkName()).remove();
    },
    /network .* is missing/,
  ],
  [
    'the network removed under running containers',
    async () => {
      const { host, directHost } = fixture.runtime.endpoints(spec.id);
      const network = docker.getNetwork(fixture.networkName());
      for (const Container of [host, directHost]) await network.disconnect({ Container, Force: true });
      await network.remove();
    },
    /network .* is missing/,
  ],
];

it.each(DAMAGES)('with %s: names it, repairs it, and the data is there', async (_, damage, reason) => {
  expect(await drift()).toBeUndefined();
  await damage();
  expect(await drift()).toMatch(reason);
  await fixture.apply(spec);
  expect(await drift()).toBeUndefined();
  expect(await fixture.query(spec, 'SELECT x FROM kept')).toEqual([{ x: 42 }]);
});

it('with a killed container: Docker or apply bring it back', async () => {
  for (const kind of ['postgres', 'pooler'] as const) {
    await fixture.container(spec, kind).kill();
    await fixture.apply(spec);
    expect(await fixture.query(spec, 'SELECT x FROM kept')).toEqual([{ x: 42 }]);
  }
  expect(await drift()).toBeUndefined();
});

it('starts PostgreSQL once more when it stops while its pooler is asked for a login', async () => {
  const postgres = fixture.container(spec, 'postgres');
  const pooler = fixture.container(spec, 'pooler');
  const started = async () => {
    const client = await fixture.connect(spec, 'direct').catch(() => null);
    await client?.[Symbol.asyncDispose]();
    return client !== null;
  };
  await postgres.kill();
  // It runs, and answers nobody.
  await pooler.kill({ signal: 'SIGSTOP' });
  const applied = fixture.apply(spec);
  try {
    await until(started, 30_000);
    // The login to PostgreSQL itself is long done by then.
    await sleep(1_000, soon());
    await postgres.kill();
  } finally {
    await pooler.kill({ signal: 'SIGCONT' });
    await applied;
  }
  expect(await fixture.query(spec, 'SELECT x FROM kept')).toEqual([{ x: 42 }]);
});

it('makes the container anew when the plan changes, and the settings follow', async () => {
  const before = await fixture.containerIds(spec);
  const larger = { ...spec, resources: PLAN_OFFERS.standard.resources };
  expect(await drift(larger)).toMatch(/-db-.* has another configuration/);
  await fixture.apply(larger);
  expect(await fixture.query(larger, 'SHOW shared_buffers')).toEqual([{ shared_buffers: '256MB' }]);
  expect(await fixture.query(larger, 'SELECT x FROM kept')).toEqual([{ x: 42 }]);
  const after = await fixture.containerIds(spec);
  expect(after[0]).not.toBe(before[0]);
  expect(after[1]).toBe(before[1]);
  await fixture.apply(spec);
});

it('leaves containers of an earlier release alone until a restart is asked for', async () => {
  const repo = `${fixture.prefix}-pgbouncer`;
  await fixture.docker.getImage(PGBOUNCER_IMAGE).tag({ repo, tag: 'next' });
  const next = fixture.another({ pgbouncerImage: `${repo}:next` });
  try {
    const before = await fixture.containerIds(spec);
    expect((await next.findDrift([spec], soon())).size).toBe(0);
    await fixture.apply(spec, next);
    expect(await fixture.containerIds(spec)).toEqual(before);
    await next.restart(spec, { signal: soon(), askedAt: new Date() });
    const after = await fixture.containerIds(spec);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
    expect(await fixture.query(spec, 'SELECT x FROM kept')).toEqual([{ x: 42 }]);
  } finally {
    await fixture.runtime.restart(spec, { signal: soon(), askedAt: new Date() });
    await fixture.docker.getImage(`${repo}:next`).remove();
  }
});

it('lets a fresh password in and the one before out, without touching PostgreSQL', async () => {
  const [postgresId] = await fixture.containerIds(spec);
  const fresh = { ...spec, login: fixture.login() };
  expect(await drift(fresh)).toMatch(/-pgbouncer-.* has another configuration/);
  await fixture.apply(fresh);
  for (const way of ['pooled', 'direct'] as const) {
    await expect(fixture.connect(spec, way)).rejects.toThrow(/authentication failed/);
    await using client = await fixture.connect(fresh, way);
    expect((await client.query('SELECT x FROM kept')).rows).toEqual([{ x: 42 }]);
  }
  expect((await fixture.containerIds(spec))[0]).toBe(postgresId);
  await fixture.apply(spec);
});

it('hands out the other login role, and the one before is out', async () => {
  const other = { ...spec, login: fixture.login('app_b') };
  await fixture.apply(other);
  await using client = await fixture.connect(other, 'pooled');
  expect((await client.query('SELECT session_user, current_user')).rows).toEqual([
    { session_user: 'app_b', current_user: 'app_owner' },
  ]);
  await client.query('DROP TABLE kept; CREATE TABLE kept AS SELECT 42 AS x');
  await expect(fixture.connect(spec, 'direct')).rejects.toThrow();
  await fixture.apply(spec);
});

it('comes back by itself when the engine starts its containers again', async () => {
  await fixture.container(spec, 'postgres').restart();
  await fixture.container(spec, 'pooler').restart();
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      expect(await fixture.query(spec, 'SELECT x FROM kept')).toEqual([{ x: 42 }]);
      break;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
  expect(await drift()).toBeUndefined();
});

it('does not mistake a busy database for a broken one', async () => {
  const limit = Number((await fixture.query(spec, 'SHOW max_connections'))[0].max_connections);
  const clients = [];
  for (;;) {
    try {
      clients.push(await fixture.connect(spec, 'direct'));
    } catch {
      break;
    }
  }
  expect(clients.length).toBeGreaterThan(limit - 10);
  const before = await fixture.containerIds(spec);
  await fixture.apply(spec);
  expect(await fixture.containerIds(spec)).toEqual(before);
  await Promise.all(clients.map((client) => client.end()));
});

it('finds drift among many databases with three questions', async () => {
  const others = Array.from({ length: 50 }, () => fixture.spec());
  const found = await fixture.runtime.findDrift([spec, ...others], soon());
  expect([...found.keys()].sort()).toEqual(others.map(({ id }) => id).sort());
});
