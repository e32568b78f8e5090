import {
  CONTAINER_STATUSES,
  type Container,
  type ContainerStatus,
} from '../../../src/runtime/docker/engine/container.js';
import type { LoginOutcome } from '../../../src/runtime/docker/login.js';
import type { Marker } from '../../../src/runtime/docker/marker.js';
import {
  isTrusted,
  type Observation,
  type PoolerObservation,
  type PostgresObservation,
} from '../../../src/runtime/docker/observation.js';
import { plan, type Plan } from '../../../src/runtime/docker/plan.js';
import { step, type StepKind } from '../../../src/runtime/docker/step.js';
import { sampleSpec } from './sample-spec.js';

const SPEC = sampleSpec();
const MARKER: Marker = { databaseId: SPEC.id, major: SPEC.engineVersion, libc: 'musl' };

function container(status: ContainerStatus, hasStopped = false): Container {
  return {
    id: 'c1',
    name: 'c',
    labels: {},
    status,
    attachments: new Map(),
    mounts: [],
    imageId: 'sha256:1',
    startedAt: new Date(0),
    hasStopped,
    exitCode: 0,
    outOfMemory: false,
  };
}

function postgres(changes: Partial<PostgresObservation> = {}): PostgresObservation {
  return {
    container: container('running'),
    attached: true,
    current: true,
    login: 'works',
    onVolume: true,
    marker: MARKER,
    hasCluster: true,
    libc: 'not-needed',
    ...changes,
  };
}

function pooler(changes: Partial<PoolerObservation> = {}): PoolerObservation {
  return { container: container('running'), attached: true, current: true, login: 'works', ...changes };
}

function seen(changes: Partial<Observation> = {}): Observation {
  return {
    network: 'ours',
    volume: 'ours',
    volumeUser: null,
    postgres: postgres(),
    pooler: pooler(),
    ...changes,
  };
}

const NOTHING: Observation = {
  network: 'missing',
  volume: 'missing',
  volumeUser: null,
  postgres: null,
  pooler: null,
};

function kindsOf(decision: Plan): StepKind[] {
  return decision.outcome === 'steps' ? decision.steps.map(({ kind }) => kind) : [];
}

describe('what to do', () => {
  it('is nothing when all is there', () => {
    expect(plan(SPEC, seen())).toEqual({ outcome: 'converged' });
  });

  it('is everything when nothing is there', () => {
    const decision = plan(SPEC, NOTHING);
    expect(decision).toMatchObject({ outcome: 'steps', complete: true });
    expect(kindsOf(decision).sort()).toEqual(
      [
        'ensure-network',
        'ensure-postgres-image',
        'ensure-pooler-image',
        'create-volume',
        'create-postgres',
        'start-postgres',
        'await-postgres',
        'settle-roles',
        'create-pooler',
        'write-pooler-files',
        'start-pooler',
        'verify-login',
      ].sort(),
    );
  });

  it.each<[string, Partial<Observation>, StepKind[]]>([
    [
      'a stopped PostgreSQL is started',
      { postgres: postgres({ container: container('exited', true), login: 'unknown' }) },
      ['start-postgres', 'await-postgres', 'settle-roles', 'verify-login'],
    ],
    [
      'a paused PostgreSQL is resumed',
      { postgres: postgres({ container: container('paused'), login: 'unknown' }) },
      ['unpause-postgres', 'await-postgres', 'settle-roles', 'verify-login'],
    ],
    [
      'a restarting PostgreSQL is waited for',
      { postgres: postgres({ container: container('restarting', true), login: 'unknown' }) },
      ['await-postgres', 'settle-roles', 'verify-login'],
    ],
    [
      'a password that PostgreSQL does not know is set',
      { postgres: postgres({ login: 'refused' }) },
      ['settle-roles', 'verify-login'],
    ],
    ['a busy PostgreSQL is left alone', { postgres: postgres({ login: 'busy' }) }, []],
    [
      'a PostgreSQL of another configuration is made anew on its volume',
      { postgres: postgres({ current: false, libc: 'musl' }) },
      [
        'ensure-postgres-image',
        'remove-postgres',
        'create-postgres',
        'start-postgres',
        'await-postgres',
        'settle-roles',
        'verify-login',
      ],
    ],
    [
      'a stopped pooler is started',
      { pooler: pooler({ container: container('exited', true), login: 'unknown' }) },
      ['start-pooler', 'verify-login'],
    ],
    [
      'a pooler that was never started may lack its files',
      { pooler: pooler({ container: container('created'), login: 'unknown' }) },
      ['write-pooler-files', 'start-pooler', 'verify-login'],
    ],
    [
      'a pooler that refuses what PostgreSQL accepts is made anew',
      { pooler: pooler({ login: 'refused' }) },
      [
        'remove-pooler',
        'ensure-pooler-image',
        'create-pooler',
        'write-pooler-files',
        'start-pooler',
        'verify-login',
      ],
    ],
    [
      'a pooler that does not answer is waited for',
      { pooler: pooler({ login: 'unreachable' }) },
      ['verify-login'],
    ],
  ])('%s', (_, changes, kinds) => {
    const decision = plan({ ...SPEC, holdsData: true }, seen(changes));
    expect(kindsOf(decision)).toEqual(kinds);
  });
});

describe('a volume that is not trusted', () => {
  const unmarked = (status: ContainerStatus, hasStopped = false) =>
    seen({
      postgres: postgres({ marker: null, container: container(status, hasStopped), login: 'unreachable' }),
    });

  it('is waited for as long as its first server runs', () => {
    expect(kindsOf(plan(SPEC, unmarked('running')))).toEqual([
      'await-postgres',
      'settle-roles',
      'verify-login',
    ]);
  });

  it.each<[ContainerStatus, boolean]>([
    ['running', true],
    ['exited', true],
    ['created', false],
    ['paused', false],
    ['restarting', true],
    ['dead', true],
  ])('is made anew when its server is %s (stopped before: %p)', (status, hasStopped) => {
    const kinds = kindsOf(plan(SPEC, unmarked(status, hasStopped)));
    expect(kinds).toEqual(expect.arrayContaining(['remove-postgres', 'remove-volume', 'create-volume']));
  });

  it('is looked into through a container first', () => {
    const decision = plan(SPEC, seen({ postgres: null }));
    expect(decision).toMatchObject({ outcome: 'steps', complete: false });
    expect(kindsOf(decision)).toEqual(['ensure-postgres-image', 'create-postgres']);
  });
});

describe('it refuses', () => {
  const held = { ...SPEC, holdsData: true };
  const other: Marker = { ...MARKER, databaseId: 'another' };

  it.each<[string, typeof SPEC, Partial<Observation>, string]>([
    [
      'a missing volume that held data',
      held,
      { volume: 'missing', postgres: null, pooler: null },
      'data_missing',
    ],
    [
      'an empty volume that held data',
      held,
      { postgres: postgres({ marker: null, hasCluster: false }) },
      'data_missing',
    ],
    [
      'a marked volume without a cluster',
      SPEC,
      { postgres: postgres({ hasCluster: false }) },
      'data_missing',
    ],
    ['another major', held, { postgres: postgres({ marker: { ...MARKER, major: 16 } }) }, 'data_mismatch'],
    [
      'another libc on a first start',
      held,
      { postgres: postgres({ container: container('created'), libc: 'gnu', login: 'unknown' }) },
      'data_mismatch',
    ],
    [
      'another libc on a change',
      held,
      { postgres: postgres({ current: false, libc: 'gnu' }) },
      'data_mismatch',
    ],
    ['a marker it cannot read', held, { postgres: postgres({ marker: 'unreadable' }) }, 'data_mismatch'],
    ['data of another database', SPEC, { postgres: postgres({ marker: other }) }, 'conflict'],
    ['a foreign volume', held, { volume: 'foreign' }, 'conflict'],
    ['a foreign network', held, { network: 'foreign' }, 'conflict'],
    ['a volume that another server runs on', held, { volumeUser: 'other', postgres: null }, 'conflict'],
  ])('%s', (_, spec, changes, code) => {
    expect(plan(spec, seen(changes))).toMatchObject({ outcome: 'refused', code });
  });

  it('no data of another database that was attached to this one', () => {
    expect(plan(held, seen({ postgres: postgres({ marker: other }) }))).toEqual({ outcome: 'converged' });
  });

  it('nothing before it knows the libc of the image', () => {
    const decision = plan(held, seen({ postgres: postgres({ current: false, libc: null }) }));
    expect(decision).toMatchObject({ outcome: 'steps', complete: false });
    expect(kindsOf(decision)).toEqual(['ensure-postgres-image']);
  });
});

describe('whatever there is', () => {
  const LOGINS: (LoginOutcome | 'unknown')[] = ['works', 'busy', 'refused', 'unreachable', 'unknown'];
  const MARKERS: PostgresObservation['marker'][] = [
    null,
    'unreadable',
    MARKER,
    { ...MARKER, databaseId: 'another' },
    { ...MARKER, major: 16 },
  ];
  const BOTH = [true, false];
  const containers = CONTAINER_STATUSES.flatMap((status) =>
    BOTH.map((stopped) => container(status, stopped)),
  );

  function* everyPostgres(): Generator<PostgresObservation | null> {
    yield null;
    for (const one of containers)
      for (const attached of BOTH)
        for (const current of BOTH)
          for (const onVolume of BOTH)
            for (const hasCluster of BOTH)
              for (const marker of MARKERS)
                for (const libc of ['musl', 'gnu', null, 'not-needed'] as const)
                  for (const login of LOGINS)
                    yield { container: one, attached, current, onVolume, hasCluster, marker, libc, login };
  }

  function* everything(): Generator<[typeof SPEC, Observation, Plan]> {
    for (const holdsData of BOTH) {
      const spec = { ...SPEC, holdsData };
      for (const network of ['missing', 'ours', 'foreign'] as const)
        for (const volume of ['missing', 'ours', 'foreign'] as const)
          for (const observed of everyPostgres()) {
            const all = { network, volume, volumeUser: null, postgres: observed, pooler: null };
            yield [spec, all, plan(spec, all)];
          }
    }
  }

  it('no volume is removed that may hold data, and none is made in the place of one', () => {
    for (const [spec, all, decision] of everything()) {
      const kinds = kindsOf(decision);
      if (!kinds.includes('remove-volume') && !kinds.includes('create-volume')) continue;
      if (spec.holdsData) throw new Error(`replaces data: ${JSON.stringify(all)}`);
      if (kinds.includes('remove-volume') && isTrusted(spec, all))
        throw new Error(`removes: ${JSON.stringify(all)}`);
      if (all.volume === 'foreign') throw new Error(`touches a foreign volume: ${JSON.stringify(all)}`);
    }
  });

  it('no server is started on data that it did not write', () => {
    for (const [spec, all, decision] of everything()) {
      const kinds = kindsOf(decision);
      const marker = all.postgres?.marker;
      if (!kinds.includes('start-postgres') || !marker || kinds.includes('create-volume')) continue;
      if (marker === 'unreadable' || marker.major !== spec.engineVersion || !all.postgres?.hasCluster) {
        throw new Error(`starts on ${JSON.stringify(all)}`);
      }
    }
  });

  it('a running server is taken down only after its successor is found fit', () => {
    for (const [spec, all, decision] of everything()) {
      const kinds = kindsOf(decision);
      if (!kinds.includes('remove-postgres') || !isTrusted(spec, all) || all.volume !== 'ours') continue;
      const { libc, onVolume, marker } = all.postgres ?? {};
      if (!onVolume || marker === null) continue;
      if (libc !== 'musl' && libc !== 'not-needed')
        throw new Error(`removes before it knows: ${JSON.stringify(all)}`);
    }
  });

  it('a plan says each step once, needs nothing that comes never, and ends in a login', () => {
    const kinds = new Set<string>();
    for (const [, , decision] of everything()) {
      if (decision.outcome !== 'steps') continue;
      const order = kindsOf(decision);
      const shape = order.join();
      if (kinds.has(shape)) continue;
      kinds.add(shape);
      expect(new Set(order).size).toBe(order.length);
      expect(order.includes('verify-login')).toBe(decision.complete);
      const done = new Set<StepKind>();
      for (let round = 0; round < order.length; round++) {
        for (const kind of order) {
          if (step(kind).needs.every((need) => !order.includes(need) || done.has(need))) done.add(kind);
        }
      }
      expect(done.size).toBe(order.length);
    }
    expect(kinds.size).toBeGreaterThan(10);
  });
});
