import Docker from 'dockerode';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Client, type QueryResult } from 'pg';
import { parseCidr, type Cidr } from '../../src/domain/cidr.js';
import { PLAN_OFFERS, POOL } from '../../src/domain/plans.js';
import { DockerRuntime, type DockerRuntimeOptions } from '../../src/runtime/docker/docker-runtime.js';
import type { DatabaseSpec, LoginSpec } from '../../src/runtime/runtime.js';
import { generateId, generatePassword } from '../../src/secrets/random.js';
import { scramVerifier } from '../../src/secrets/scram.js';
import { MemoryLogger } from '../memory-logger.js';
import { leftovers, removeLeftovers, TEST_PREFIX } from './assert-nothing-left.js';

const run = promisify(execFile);

export const POSTGRES_IMAGE = process.env.PAASDB_POSTGRES_IMAGE ?? 'postgres:{version}-alpine';
export const PGBOUNCER_IMAGE = process.env.PAASDB_PGBOUNCER_IMAGE ?? 'edoburu/pgbouncer:v1.26.0-p0';
/** The majors that the tests go through, each of which must have an image. */
export const VERSIONS = (process.env.PAASDB_VERSIONS ?? '15,16,17,18').split(',').map(Number);
export const NEWEST = Math.max(...VERSIONS);
/** For what differs between majors, and where two show it: with the other end, `NEWEST`. */
export const OLDEST = Math.min(...VERSIONS);

/** Runtimes of all tests share it: whoever comes second to a subnet takes the next. */
const SUBNET_POOL = parseCidr('10.240.0.0/12') as Cidr;

export type Way = 'pooled' | 'direct';

/** A runtime on the real engine with a prefix of its own. Disposing removes all that carries it. */
export class EngineFixture implements AsyncDisposable {
  readonly docker = new Docker();
  readonly logger = new MemoryLogger();
  readonly prefix = `${TEST_PREFIX}-${randomBytes(3).toString('hex')}`;
  readonly options: DockerRuntimeOptions = {
    prefix: this.prefix,
    network: `${this.prefix}-net`,
    subnetPool: SUBNET_POOL,
    postgresImage: POSTGRES_IMAGE,
    pgbouncerImage: PGBOUNCER_IMAGE,
    logger: this.logger,
  };
  readonly runtime = new DockerRuntime(this.options);

  /** Another runtime on the same things, as after a restart of the daemon. */
  another(changes: Partial<DockerRuntimeOptions> = {}): DockerRuntime {
    return new DockerRuntime({ ...this.options, ...changes });
  }

  spec(changes: Partial<DatabaseSpec> = {}): DatabaseSpec {
    return {
      id: generateId(),
      org: 'default',
      app: 'web',
      name: 'main',
      engineVersion: NEWEST,
      volumeId: generateId(),
      holdsData: false,
      resources: PLAN_OFFERS.free.resources,
      pool: POOL,
      login: this.login(),
      ...changes,
    };
  }

  login(role = 'app'): LoginSpec {
    const password = generatePassword();
    return { role, password, verifier: scramVerifier(password) };
  }

  apply(spec: DatabaseSpec, runtime = this.runtime): Promise<void> {
    return runtime.apply(spec, { signal: soon() });
  }

  container(spec: DatabaseSpec, kind: 'postgres' | 'pooler'): Docker.Container {
    const { host, directHost } = this.runtime.endpoints(spec.id);
    return this.docker.getContainer(kind === 'postgres' ? directHost : host);
  }

  volumeName(spec: DatabaseSpec): string {
    return `${this.prefix}-db-${spec.volumeId}`;
  }

  networkName(org = 'default'): string {
    return org === 'default' ? this.options.network : `${this.options.network}-${org}`;
  }

  /** The ids of both containers: the same as long as neither was made anew. */
  async containerIds(spec: DatabaseSpec): Promise<string[]> {
    const inspect = (kind: 'postgres' | 'pooler') => this.container(spec, kind).inspect();
    return [(await inspect('postgres')).Id, (await inspect('pooler')).Id];
  }

  /** A client of the tenant's, connected by address; disposing ends it. */
  async connect(
    spec: DatabaseSpec,
    way: Way = 'pooled',
    login: { role: string; password: string } = spec.login,
    { startup = {}, ...options }: { startup?: Record<string, string>; database?: string } = {},
  ): Promise<Client & AsyncDisposable> {
    const container = this.container(spec, way === 'pooled' ? 'pooler' : 'postgres');
    const { NetworkSettings } = await container.inspect();
    const client = new Client({
      host: NetworkSettings.Networks[this.networkName(spec.org)]?.IPAddress ?? 'nowhere',
      port: way === 'pooled' ? 6432 : 5432,
      user: login.role,
      password: login.password,
      database: 'app',
      connectionTimeoutMillis: 5_000,
      ...options,
    });
    // What other drivers send of the connection string, node-postgres leaves out.
    const { getStartupConf } = client as unknown as { getStartupConf: () => object };
    Object.assign(client, { getStartupConf: () => ({ ...getStartupConf.call(client), ...startup }) });
    client.on('error', () => undefined);
    await client.connect();
    return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
  }

  async query(spec: DatabaseSpec, sql: string, way: Way = 'pooled'): Promise<QueryResult['rows']> {
    await using client = await this.connect(spec, way);
    return (await client.query(sql)).rows;
  }

  /** Runs SQL as only the daemon can. */
  async asSuperuser(spec: DatabaseSpec, sql: string, database = 'postgres'): Promise<void> {
    const { directHost } = this.runtime.endpoints(spec.id);
    const psql = ['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres', '-d', database, '-c', sql];
    await run('docker', ['exec', '-u', 'postgres', directHost, ...psql]);
  }

  /** What carries the prefix of this fixture. */
  async left(): Promise<string[]> {
    return (await leftovers(this.docker, this.prefix)).map(({ kind, name }) => `${kind} ${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeLeftovers(this.docker, this.prefix);
    expect(await this.left()).toEqual([]);
  }
}

/** A signal that aborts when a test has surely failed. */
export function soon(ms = 60_000): AbortSignal {
  return AbortSignal.timeout(ms);
}
