import { PLAN_OFFERS, POOL } from '../../../src/domain/plans.js';
import { blueprintsOf } from '../../../src/runtime/docker/blueprints.js';
import { fingerprint, namesWith } from '../../../src/runtime/docker/names.js';
import {
  maxConnections,
  postgresSettings,
  sharedMemoryBytes,
} from '../../../src/runtime/docker/postgres-settings.js';
import { sampleSpec } from './sample-spec.js';

const names = namesWith({ prefix: 'paas', network: 'paas-apps' });
const making = {
  prefix: 'paas',
  names,
  postgresImage: 'postgres:{version}-alpine',
  pgbouncerImage: 'pgbouncer:1',
};
const blueprints = (changes = {}, changed = {}, password: string | null = null) =>
  blueprintsOf(sampleSpec(changes), { ...making, ...changed }, password);

it('names things after ids and orgs, and the network of the default org after nothing', () => {
  expect(names.postgres('1a')).toBe('paas-db-1a');
  expect(names.pooler('1a')).toBe('paas-pgbouncer-1a');
  expect(names.volume('2b')).toBe('paas-db-2b');
  expect([names.network('default'), names.network('acme')]).toEqual(['paas-apps', 'paas-apps-acme']);
});

it('fills the version into the image, and mounts the volume where that version keeps its data', () => {
  const of = (engineVersion: number) => blueprints({ engineVersion }).postgres;
  expect([15, 16, 17, 18].map((version) => [of(version).image, of(version).mount.path])).toEqual([
    ['postgres:15-alpine', '/var/lib/postgresql/data'],
    ['postgres:16-alpine', '/var/lib/postgresql/data'],
    ['postgres:17-alpine', '/var/lib/postgresql/data'],
    ['postgres:18-alpine', '/var/lib/postgresql'],
  ]);
});

describe('the configuration by which drift is found', () => {
  const { postgres, pooler } = blueprints();

  it.each([
    ['the memory', { resources: PLAN_OFFERS.free.resources }, {}],
    ['the version', { engineVersion: 18 }, {}],
    ['the image', {}, { postgresImage: 'other:{version}' }],
    ['the org', { org: 'globex' }, {}],
    ['the volume', { volumeId: '3c' }, {}],
  ])('of PostgreSQL changes with %s', (_, changes, changed) => {
    expect(blueprints(changes, changed).postgres.config).not.toBe(postgres.config);
  });

  it('is of what rows say the same in every release: a change here restarts all databases', () => {
    expect([postgres.spec, pooler.spec]).toEqual(['32d2cbe7f7be10cc', 'afd6381f885b4cf7']);
  });

  it('does not ask for a restart when a release changes pools, or what else a plan gives', () => {
    const resources = { ...sampleSpec().resources, instances: 2 };
    const changed = blueprints({ pool: { ...POOL, size: 5 }, resources });
    expect([changed.postgres.spec, changed.pooler.spec]).toEqual([postgres.spec, pooler.spec]);
    expect(changed.pooler.config).not.toBe(pooler.config);
  });

  it.each([
    ['the images', { postgresImage: 'other:{version}', pgbouncerImage: 'other' }],
    ['the names', { names: namesWith({ prefix: 'other', network: 'paas-apps' }) }],
  ])('does not ask for a restart when an operator changes %s', (_, changed) => {
    const { postgres: changedPostgres, pooler: changedPooler } = blueprints({}, changed);
    expect([changedPostgres.spec, changedPooler.spec]).toEqual([postgres.spec, pooler.spec]);
    expect(changedPooler.config).not.toBe(pooler.config);
  });

  it.each([
    ['the memory', { resources: PLAN_OFFERS.free.resources }],
    ['the version', { engineVersion: 18 }],
    ['the org', { org: 'globex' }],
    ['the volume', { volumeId: '3c' }],
  ])('asks for PostgreSQL anew when its row changes: %s', (_, changes) => {
    expect(blueprints(changes).postgres.spec).not.toBe(postgres.spec);
  });

  it.each([
    ['the verifier', { login: { role: 'app', password: 'x', verifier: 'SCRAM-SHA-256$1:x$y:z' } }],
    ['the role', { login: { ...sampleSpec().login, role: 'app_b' } }],
    ['the org', { org: 'globex' }],
  ])('asks for a pooler anew when its row changes: %s', (_, changes) => {
    expect(blueprints(changes).pooler.spec).not.toBe(pooler.spec);
  });

  it('of PostgreSQL does not depend on passwords', () => {
    const login = { role: 'app', password: 'x', verifier: 'SCRAM-SHA-256$1:x$y:z' };
    expect(blueprints({ login, holdsData: true }, {}, 'bootstrap').postgres.config).toBe(postgres.config);
  });

  it.each([
    ['the verifier', { login: { role: 'app', password: 'x', verifier: 'SCRAM-SHA-256$1:x$y:z' } }, {}],
    ['the role', { login: { ...sampleSpec().login, role: 'app_b' } }, {}],
    ['the image', {}, { pgbouncerImage: 'other' }],
    ['the pool', { pool: { ...POOL, size: 5 } }, {}],
  ])('of the pooler changes with %s', (_, changes, changed) => {
    expect(blueprints(changes, changed).pooler.config).not.toBe(pooler.config);
  });

  it('is the same every time', () => {
    expect(blueprints()).toEqual(blueprints());
    expect(fingerprint({ a: 1 })).toMatch(/^[0-9a-f]{16}$/);
  });
});

it('gives a password to an initialisation only, so that a volume found empty stays empty', () => {
  const environment = (password: string | null) =>
    (blueprints({}, {}, password).postgres.body as { Env: string[] }).Env;
  expect(environment(null)).toEqual([]);
  expect(environment('hush')).toEqual([
    'POSTGRES_DB=app',
    'POSTGRES_PASSWORD=hush',
    expect.stringMatching(/^POSTGRES_INITDB_ARGS=.*--auth-host=scram-sha-256 .*--locale-provider=icu/),
  ]);
});

it('puts nothing secret into what Docker shows', () => {
  const { postgres, pooler } = blueprints();
  const { password, verifier } = sampleSpec().login;
  for (const body of [postgres.body, pooler.body]) {
    expect(JSON.stringify(body)).not.toContain(password);
    expect(JSON.stringify(body)).not.toContain(verifier);
  }
});

it.each([
  [
    'free',
    { shared_buffers: '64MB', effective_cache_size: '192MB', max_connections: '50', max_wal_size: '128MB' },
  ],
  [
    'standard',
    { shared_buffers: '256MB', effective_cache_size: '768MB', max_connections: '84', max_wal_size: '1280MB' },
  ],
  [
    'pro',
    {
      shared_buffers: '1024MB',
      effective_cache_size: '3072MB',
      max_connections: '200',
      max_wal_size: '4096MB',
    },
  ],
] as const)('fits PostgreSQL into the plan %s', (name, settings) => {
  const { resources } = PLAN_OFFERS[name];
  expect(postgresSettings(resources, POOL)).toMatchObject({ ...settings, listen_addresses: '*' });
  expect(maxConnections(resources, POOL)).toBeGreaterThan(POOL.size + 10);
  expect(sharedMemoryBytes(resources)).toBeLessThanOrEqual(resources.memoryBytes / 4);
});
