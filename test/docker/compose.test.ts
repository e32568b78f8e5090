import type Docker from 'dockerode';
import { ComposeInstallation, SCHEMA } from './compose-fixture.js';
import { until } from './until.js';

jest.setTimeout(480_000);

const MEBIBYTE = 1024 ** 2;

const here = new ComposeInstallation();
let database: string;
let dsn: string;
let firstLog: string;

beforeAll(async () => {
  await here.prepare();
  await here.compose(['build', '--quiet']);
  await here.up();
  firstLog = await here.logs();
  const app = await here.createApp('default', 'web');
  database = `${app}/databases/main`;
  const answer = await here.call('PUT', database, { body: {}, waitS: 60 });
  expect(answer.body).toMatchObject({ status: 'ready' });
  ({ dsn } = await here.reveal(database));
});
afterAll(() => here[Symbol.asyncDispose]());

const daemon = (): Docker.Container => here.docker.getContainer(`${here.prefix}-paasdb-1`);

describe('docker compose up -d', () => {
  it('is ready within 10 s where the images are there', async () => {
    await here.compose(['down']);
    expect(await here.up()).toBeLessThan(10_000);
  });

  it('serves an app in the same project through DATABASE_URL', async () => {
    const answer = await here.app(dsn, [
      'sh',
      '-c',
      'psql "$DATABASE_URL" -Atc "SELECT current_user, 6 * 7"',
    ]);
    expect(answer.trim()).toBe('app_owner|42');
  });

  it('backs a database up through the proxy, into the volume for that', async () => {
    const { status, body } = await here.call<{ id: string }>('POST', `${database}/backups`, { waitS: 60 });
    expect(status).toBe(201);
    const files = await here.exec([
      'find',
      '/var/lib/paasdb-backups/databases',
      '-name',
      `*-${body.id}.dump`,
    ]);
    expect(files.trim().split('\n')).toHaveLength(1);
  });

  it('proves, restores, exports and imports through the proxy, with more than fits into a buffer', async () => {
    const rows = `SELECT count(*)::int AS rows FROM moved`;
    await here.query(
      dsn,
      `CREATE TABLE moved AS SELECT i, md5(i::text) || repeat('x', 200) AS text FROM generate_series(1, 100000) i`,
    );
    const backup = await here.call<{ id: string }>('POST', `${database}/backups`, { waitS: 60 });
    const proven = await here.call('POST', `${database}/backups/${backup.body.id}/verify`, { waitS: 60 });
    expect(proven.body).toMatchObject({ status: 'succeeded', errorMessage: null });
    const body = { backupId: backup.body.id, replace: true, confirm: 'main' };
    const restored = await here.call('POST', `${database}/restore`, { body, waitS: 60 });
    expect(restored.body).toMatchObject({ status: 'succeeded', errorMessage: null });

    const headers = { Authorization: `Bearer ${here.operatorToken}`, Prefer: 'wait=60' };
    const dump = await (await fetch(`${here.url}${database}/export`, { headers })).arrayBuffer();
    const imported = await fetch(`${here.url}${database}/import?clean=true`, {
      method: 'POST',
      headers,
      body: dump,
    });
    expect(await imported.json()).toMatchObject({ status: 'succeeded', errorMessage: null });
    expect(await here.query(dsn, rows)).toEqual([{ rows: 100_000 }]);
  });

  it('does not answer tenants, whose networks the daemon is in', async () => {
    await here.call('POST', `${database}/restart`, { waitS: 60 });
    const { NetworkSettings } = await daemon().inspect();
    const address = NetworkSettings.Networks[here.network]?.IPAddress;
    expect(address).toMatch(/^10\./);
    const ask = `psql "postgresql://${address}:8080/x?connect_timeout=5" -c "" 2>&1 || true`;
    // psql tells a connection that was closed from one that was refused: somebody listens, and says nothing.
    expect(await here.app(dsn, ['sh', '-c', ask])).toMatch(/closed the connection unexpectedly/);
    await expect(fetch(`http://${address}:8080/healthz`)).rejects.toThrow();
  });

  it('says how to read the operator’s token, and not the token', () => {
    expect(firstLog).toContain('docker compose exec paasdb cat /var/lib/paasdb/operator-token');
    expect(firstLog).not.toContain(here.operatorToken);
    expect(here.operatorToken).toMatch(/^paasdb_operator_/);
  });

  it('runs the daemon as nobody in particular, with nothing of the host', async () => {
    const { Config, HostConfig, Mounts, State } = await daemon().inspect();
    expect(Config.User).toMatch(/^[1-9]\d*/);
    expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, Privileged: false, CapDrop: ['ALL'] });
    expect(Mounts.map(({ Type }) => Type)).toEqual(Mounts.map(() => 'volume'));
    await until(async () => (await daemon().inspect()).State.Health?.Status === 'healthy', 60_000);
    expect(State.OOMKilled).toBe(false);
  });

  it('publishes to the host alone', async () => {
    const { NetworkSettings } = await daemon().inspect();
    const published = Object.values(NetworkSettings.Ports).flat();
    expect(published.map((binding) => binding.HostIp)).toEqual(['127.0.0.1']);
  });

  it('adds less than 250 MB to its base', async () => {
    const sizeOf = async (image: string) => (await here.docker.getImage(image).inspect()).Size;
    const base = process.env.PAASDB_NODE_IMAGE ?? 'node:22-bookworm-slim';
    expect((await sizeOf(here.image)) - (await sizeOf(base))).toBeLessThan(250 * MEBIBYTE);
  });
});

describe('the socket proxy', () => {
  /** The status that a call gets from beside the daemon. */
  const ask = async (method: string, path: string): Promise<number> => {
    const call = `require('node:http').request({ socketPath: '/run/socket-proxy/docker.sock', method: '${method}', path: '${path}' },
      (response) => { console.log(response.statusCode); process.exit(); }).end()`;
    return Number(await here.exec(['node', '-e', call]));
  };

  it.each([
    ['GET', '/secrets'],
    ['GET', '/configs'],
    ['GET', '/swarm'],
    ['POST', '/swarm/init'],
    ['GET', '/services'],
    ['GET', '/nodes'],
    ['GET', '/plugins'],
    ['POST', '/plugins/pull'],
    ['GET', '/info'],
    ['GET', '/system/df'],
    ['POST', '/build'],
    ['POST', '/commit'],
    ['POST', '/auth'],
    ['POST', '/session'],
    ['POST', '/containers/prune'],
    ['POST', '/volumes/prune'],
    ['POST', '/images/prune'],
    ['DELETE', '/images/some'],
    ['DELETE', '/networks/some'],
    ['POST', '/containers/some/update'],
    ['POST', '/containers/some/rename'],
    ['POST', '/containers/some/kill'],
    ['POST', '/containers/some/attach'],
    ['GET', '/containers/some/export'],
    ['GET', '/v1.41/secrets'],
    ['GET', '/v1.41/../secrets'],
    ['GET', '/containers/../secrets'],
    ['GET', '/containers/%2e%2e/secrets'],
    ['GET', '//secrets'],
  ])('refuses %s %s', async (method, path) => {
    expect(await ask(method, path)).toBe(403);
  });

  it('lets through what the daemon needs', async () => {
    expect(await ask('GET', '/version')).toBe(200);
    expect(await ask('GET', '/v1.41/containers/json')).toBe(200);
    expect(await ask('GET', '/containers/none/json')).toBe(404);
  });

  it('can be killed and come back, under a daemon that goes on', async () => {
    const proxy = here.docker.getContainer(`${here.prefix}-socket-proxy-1`);
    await proxy.kill();
    const status = async () => (await fetch(`${here.url}/readyz`)).status;
    await until(async () => (await status()) === 503, 10_000);
    await proxy.start();
    await until(async () => (await status()) === 200, 10_000);
  });

  it('is reached by the daemon alone', async () => {
    const { NetworkSettings } = await here.docker.getContainer(`${here.prefix}-socket-proxy-1`).inspect();
    const networks = Object.keys(NetworkSettings.Networks);
    expect(networks).toHaveLength(1);
    const network = (await here.docker.getNetwork(networks[0] ?? '').inspect()) as { Internal: boolean };
    expect(network.Internal).toBe(true);
    const { NetworkSettings: ofDaemon } = await daemon().inspect();
    expect(Object.keys(ofDaemon.Networks)).not.toContain(networks[0]);
  });
});

describe('an upgrade', () => {
  /** Queries over one connection, and each time over a new one, until told to stop. Returns what failed. */
  function load(): () => Promise<{ answered: number; errors: string[] }> {
    let goesOn = true;
    let answered = 0;
    const errors: string[] = [];
    const lasting = async () => {
      const client = await here.connect(dsn);
      while (goesOn) {
        await client.query('SELECT 1');
        answered += 1;
      }
      await client.end();
    };
    const passing = async () => {
      while (goesOn) {
        await here.query(dsn, 'SELECT 1');
        answered += 1;
      }
    };
    const work = [lasting, lasting, passing, passing].map((run) =>
      run().catch((error: unknown) => errors.push(String(error))),
    );
    return async () => {
      goesOn = false;
      await Promise.all(work);
      return { answered, errors };
    };
  }

  it('to an image with a migration interrupts no query, and keeps a copy of the control database', async () => {
    const { Id } = await daemon().inspect();
    const image = await here.nextRelease('CREATE TABLE next_release (id TEXT PRIMARY KEY) STRICT;');
    const stop = load();
    await here.up(['--no-build'], { PAASDB_IMAGE: image });
    const { answered, errors } = await stop();
    expect(errors).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    expect((await daemon().inspect()).Id).not.toBe(Id);
    expect(await here.exec(['ls', '/var/lib/paasdb-backups/control'])).toBe(
      `paasdb-schema-${SCHEMA}.sqlite\n`,
    );
  });

  it('leaves a daemon that restarts databases and makes more', async () => {
    const restarted = await here.call('POST', `${database}/restart`, { waitS: 60 });
    expect(restarted.status).toBe(200);
    expect(await here.query(dsn, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const second = await here.call('PUT', database.replace(/main$/, 'second'), { body: {}, waitS: 60 });
    expect(second.body).toMatchObject({ status: 'ready' });
  });

  it('cannot be undone by the image before, which says how to go back', async () => {
    await here.compose(['up', '-d', '--no-build', 'paasdb']);
    await until(async () => (await here.logs()).includes('start the newer version that wrote it'), 30_000);
    expect(await here.logs()).toContain(`/var/lib/paasdb-backups/control/paasdb-schema-${SCHEMA}.sqlite`);
  });

  it('can be undone with the copy, as documented', async () => {
    await here.compose(['stop', 'paasdb']);
    const restore = `cd /var/lib/paasdb && rm -f paasdb.sqlite-wal paasdb.sqlite-shm &&
      cp ../paasdb-backups/control/paasdb-schema-${SCHEMA}.sqlite paasdb.sqlite`;
    await here.compose(['run', '--rm', '-T', '--no-deps', '--entrypoint', 'sh', 'paasdb', '-c', restore]);
    await here.up(['--no-build']);
    expect((await here.call('GET', database)).body).toMatchObject({ status: 'ready' });
  });

  it('that fails leaves the state, and the image before starts on it', async () => {
    const image = await here.nextRelease('DROP TABLE tokens; NONSENSE;');
    const stop = load();
    await here.compose(['up', '-d', '--no-build', 'paasdb'], { PAASDB_IMAGE: image });
    await until(async () => (await here.logs()).includes('start the version that ran before'), 30_000);
    await here.up(['--no-build']);
    expect((await stop()).errors).toEqual([]);
    expect((await here.call('GET', database)).body).toMatchObject({ status: 'ready' });
  });
});

describe('docker compose down', () => {
  it('leaves the databases running, and the next up finds them', async () => {
    await here.compose(['down']);
    expect(await here.query(dsn, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await here.up(['--no-build']);
    expect((await here.reveal(database)).dsn).toBe(dsn);
    const deleted = await here.call('DELETE', `${database}?deleteVolume=true`, { waitS: 60 });
    expect(deleted.status).toBe(200);
  });
});
