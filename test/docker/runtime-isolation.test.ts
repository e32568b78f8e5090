import type { ContainerInspectInfo } from 'dockerode';
import type Docker from 'dockerode';
import { text } from 'node:stream/consumers';
import type { Client } from 'pg';
import { Engine } from '../../src/runtime/docker/engine/engine.js';
import type { DatabaseSpec } from '../../src/runtime/runtime.js';
import { EngineFixture, NEWEST, POSTGRES_IMAGE, soon, VERSIONS, OLDEST } from './engine-fixture.js';

jest.setTimeout(120_000);

const fixture = new EngineFixture();
const { docker } = fixture;
afterAll(() => fixture[Symbol.asyncDispose]());

describe.each(VERSIONS)('the containers of PostgreSQL %i', (engineVersion) => {
  const spec = fixture.spec({ engineVersion });
  let postgres: ContainerInspectInfo;
  let pooler: ContainerInspectInfo;
  beforeAll(async () => {
    await fixture.apply(spec);
    postgres = await fixture.container(spec, 'postgres').inspect();
    pooler = await fixture.container(spec, 'pooler').inspect();
  });

  it('have no privileges and bounded means', () => {
    for (const { HostConfig, Config } of [postgres, pooler]) {
      expect(Config.User).toBe('postgres');
      expect(HostConfig).toMatchObject({
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        Privileged: false,
        ReadonlyRootfs: true,
        RestartPolicy: { Name: 'unless-stopped' },
        LogConfig: { Type: 'local' },
      });
      expect(HostConfig.CapAdd ?? []).toEqual([]);
      expect(HostConfig.Binds ?? []).toEqual([]);
      expect(HostConfig.PortBindings ?? {}).toEqual({});
      expect(HostConfig.Memory).toBeGreaterThan(0);
      expect(HostConfig.MemorySwap).toBe(HostConfig.Memory);
      expect(HostConfig.PidsLimit).toBeGreaterThan(0);
    }
    expect(postgres.HostConfig.Memory).toBe(spec.resources.memoryBytes);
    expect(postgres.Config).toMatchObject({ StopTimeout: 120 });
    expect(pooler.Config).toMatchObject({ StopSignal: 'SIGINT' });
  });

  it('have their own volume and no other', () => {
    const volumes = ({ Mounts }: ContainerInspectInfo) =>
      Mounts.map(({ Name, Destination }) => [Name, Destination]);
    const path = engineVersion >= 18 ? '/var/lib/postgresql' : '/var/lib/postgresql/data';
    expect(volumes(postgres)).toEqual([[fixture.volumeName(spec), path]]);
    expect(volumes(pooler)).toEqual([[fixture.runtime.endpoints(spec.id).host, '/etc/pgbouncer']]);
  });

  it('say whose they are', async () => {
    const labels = {
      'paasdb.prefix': fixture.prefix,
      'paasdb.database': spec.id,
      'paasdb.volume': spec.volumeId,
      'paasdb.org': 'default',
      'paasdb.app': 'web',
      'paasdb.name': 'main',
      'paasdb.version': String(engineVersion),
    };
    expect(postgres.Config.Labels).toMatchObject({ ...labels, 'paasdb.kind': 'postgres' });
    expect(pooler.Config.Labels).toMatchObject({ ...labels, 'paasdb.kind': 'pooler' });
    const volume = await docker.getVolume(fixture.volumeName(spec)).inspect();
    expect(volume.Labels).toEqual({ ...labels, 'paasdb.kind': 'data' });
  });

  it('let nobody but the pooler read its files', async () => {
    const { stdout } = await run(
      fixture.container(spec, 'pooler'),
      ['stat', '-c', '%a %U %n', ...FILES],
      'root',
    );
    expect(stdout.trim().split('\n')).toEqual(FILES.map((file) => `600 postgres ${file}`));
    const written = await run(fixture.container(spec, 'pooler'), ['touch', '/etc/pgbouncer/x'], 'postgres');
    expect(written.exitCode).not.toBe(0);
  });
});

const FILES = ['/etc/pgbouncer/pgbouncer.ini', '/etc/pgbouncer/userlist.txt'];

describe('two orgs', () => {
  const ours = fixture.spec({ org: 'acme' });
  const neighbour = fixture.spec({ org: 'acme' });
  const theirs = fixture.spec({ org: 'globex' });
  beforeAll(() => Promise.all([ours, neighbour, theirs].map((spec) => fixture.apply(spec))));

  it('have internal networks with subnets that do not overlap', async () => {
    const networks = await Promise.all(
      ['acme', 'globex'].map(
        (org) => docker.getNetwork(fixture.networkName(org)).inspect() as Promise<Network>,
      ),
    );
    expect(networks.map(({ Internal }) => Internal)).toEqual([true, true]);
    const subnets = networks.map(({ IPAM }) => IPAM.Config[0]?.Subnet);
    expect(subnets.every((subnet) => subnet?.endsWith('/22'))).toBe(true);
    expect(new Set(subnets).size).toBe(2);
  });

  it('cannot reach each other, by name or by address', async () => {
    const { host: theirHost } = fixture.runtime.endpoints(theirs.id);
    const { host: neighbourHost } = fixture.runtime.endpoints(neighbour.id);
    const theirAddress = await addressOf(theirs);
    const neighbourAddress = await addressOf(neighbour);
    const login = (host: string, spec: DatabaseSpec) =>
      run(
        fixture.container(ours, 'postgres'),
        ['psql', '-At', '-P', 'pager=off', '-c', 'SELECT 1', dsn(host, spec)],
        'postgres',
      );

    for (const host of [neighbourHost, neighbourAddress]) {
      expect(await login(host, neighbour)).toMatchObject({ exitCode: 0, stdout: '1\n' });
    }
    for (const host of [theirHost, theirAddress]) {
      expect(await login(host, theirs)).toMatchObject({ exitCode: 2 });
    }
  });
});

it('no secret shows in what Docker tells', async () => {
  const since = Math.floor(Date.now() / 1000);
  const spec = fixture.spec();
  const fresh = { ...spec, holdsData: true, login: fixture.login() };
  await fixture.apply(spec);
  await fixture.query(spec, 'SELECT 1');
  await expect(fixture.connect(spec, 'direct', { role: 'app', password: 'wrong' })).rejects.toThrow();
  await fixture.apply(fresh);
  await fixture.runtime.restart(fresh, { signal: soon(), askedAt: new Date() });

  const [, key] = /\$([^$]+)$/.exec(spec.login.verifier) ?? [];
  const secrets = [spec, fresh].flatMap(({ login }) => [login.password, login.verifier]).concat(key ?? '');
  const events = await docker.getEvents({ since, until: Math.floor(Date.now() / 1000) + 1 });
  const told: Record<string, string> = { events: await text(events) };
  for (const kind of ['postgres', 'pooler'] as const) {
    const container = fixture.container(spec, kind);
    told[`inspect ${kind}`] = JSON.stringify(await container.inspect());
    told[`processes of ${kind}`] = JSON.stringify(await container.top());
    told[`logs of ${kind}`] = (await container.logs({ stdout: true, stderr: true })).toString();
  }
  told.volumes = JSON.stringify(await docker.listVolumes());
  told.containers = JSON.stringify(await docker.listContainers({ all: true }));
  told.log = JSON.stringify(fixture.logger.lines);
  expect(told.events).toContain(spec.id);
  for (const [where, what] of Object.entries(told)) {
    const shown = secrets.filter((secret) => what.includes(secret));
    expect({ where, shown }).toEqual({ where, shown: [] });
  }

  const { Config } = await fixture.container(spec, 'postgres').inspect();
  const bootstrap = Config.Env.find((line) => line.startsWith('POSTGRES_PASSWORD='))?.split('=')[1] ?? '';
  expect(bootstrap).toHaveLength(32);
  await expect(fixture.connect(fresh, 'direct', { role: 'postgres', password: bootstrap })).rejects.toThrow(
    /authentication failed/,
  );
});

it('keeps no password in the volume of a container that is made again', async () => {
  const spec = fixture.spec();
  await fixture.apply(spec);
  await fixture.container(spec, 'postgres').remove({ force: true });
  await fixture.apply({ ...spec, holdsData: true });
  const { Config } = await fixture.container(spec, 'postgres').inspect();
  expect(Config.Env.filter((line) => line.startsWith('POSTGRES_'))).toEqual([]);
});

describe.each([OLDEST, NEWEST])('startup parameters on the pooled way to PostgreSQL %i', (engineVersion) => {
  const spec = fixture.spec({ engineVersion });
  beforeAll(() => fixture.apply(spec));

  /** A client that sends these parameters as libpq, pgx and JDBC do. */
  async function connectWith(parameters: Record<string, string>): Promise<Client & AsyncDisposable> {
    return fixture.connect(spec, 'pooled', spec.login, { startup: parameters });
  }

  it.each([
    ['application_name', 'web'],
    ['DateStyle', 'German, DMY'],
    ['TimeZone', 'Europe/Berlin'],
    ['IntervalStyle', 'iso_8601'],
    ['standard_conforming_strings', 'off'],
  ])('%s is kept for each client', async (name, value) => {
    await using one = await connectWith({ [name]: value });
    await using two = await connectWith({});
    const show = async (client: Client): Promise<unknown> =>
      (await client.query(`SELECT current_setting('${name}') AS value`)).rows;
    for (let i = 0; i < 3; i++) {
      expect(await show(one)).toEqual([{ value }]);
      expect(await show(two)).not.toEqual([{ value }]);
    }
  });

  it('extra_float_digits changes nothing, and is let pass', async () => {
    await using client = await connectWith({ extra_float_digits: '2' });
    expect((await client.query('SELECT (0.1::float8 + 0.2)::text AS x')).rows).toEqual([
      { x: '0.30000000000000004' },
    ]);
  });

  it.each([
    { search_path: 'other' },
    { options: '-c search_path=other' },
    { options: '-csearch_path=other' },
  ])('of %j the client gets what it asked for, and the next one does not', async (parameters) => {
    await using one = await connectWith(parameters);
    await using two = await connectWith({});
    for (let i = 0; i < 3; i++) {
      expect((await one.query('SHOW search_path')).rows).toEqual([{ search_path: 'other' }]);
      expect((await two.query('SHOW search_path')).rows).toEqual([{ search_path: '"$user", public' }]);
    }
  });

  it.each([{ statement_timeout: '1000' }, { options: '-c statement_timeout=1000' }])(
    'of %j it is told that it works on the direct way only',
    async (parameters) => {
      await expect(connectWith(parameters)).rejects.toThrow(/statement_timeout/);
    },
  );
});

describe('a container that paasdb did not make', () => {
  let stranger: Docker.Container;
  let engine: Engine;
  beforeAll(async () => {
    engine = new Engine({ owner: { 'paasdb.prefix': fixture.prefix } });
    const Image = POSTGRES_IMAGE.replace('{version}', String(NEWEST));
    const name = `${fixture.prefix}-stranger`;
    stranger = await fixture.docker.createContainer({ name, Image, Entrypoint: ['sleep', '300'], Cmd: [] });
    await stranger.start();
  });
  afterAll(() => stranger.remove({ force: true, v: true }));

  it.each<[string, (id: string) => Promise<unknown>]>([
    ['removed', (id) => engine.containers.remove(id, true, soon())],
    ['stopped', (id) => engine.containers.stop(id, 0, soon())],
    ['restarted', (id) => engine.containers.restart(id, 0, soon())],
    ['written to', (id) => engine.containers.putArchive(id, '/tmp', Buffer.alloc(1024), soon())],
    [
      'run programs in',
      (containerId) =>
        engine.execs.run({ containerId, argv: ['id'], user: 'root', stdin: '', deadlineMs: 5000 }, soon()),
    ],
  ])('is not %s', async (_, work) => {
    const before = (await stranger.inspect()).State.StartedAt;
    await expect(work(stranger.id)).rejects.toMatchObject({ code: 'conflict' });
    const { State, ExecIDs } = await stranger.inspect();
    expect([State.Running, State.StartedAt, ExecIDs]).toEqual([true, before, null]);
  });
});

interface Network {
  Internal: boolean;
  IPAM: { Config: { Subnet: string }[] };
}

function dsn(host: string, { login }: DatabaseSpec): string {
  return `postgresql://${login.role}:${login.password}@${host}:6432/app?connect_timeout=2`;
}

async function addressOf(spec: DatabaseSpec): Promise<string> {
  const { NetworkSettings } = await fixture.container(spec, 'pooler').inspect();
  return NetworkSettings.Networks[fixture.networkName(spec.org)]?.IPAddress ?? '';
}

async function run(container: Docker.Container, argv: string[], user: string) {
  const exec = await container.exec({
    Cmd: argv,
    User: user,
    AttachStdout: true,
    AttachStderr: true,
    Tty: true,
  });
  const stdout = (await text(await exec.start({ Tty: true }))).replaceAll('\r', '');
  const { ExitCode } = await exec.inspect();
  return { stdout, exitCode: ExitCode };
}
