import { Installation } from './daemon-fixture.js';
import { until } from './until.js';
import { EngineProxy } from './engine-proxy.js';

jest.setTimeout(180_000);

interface OperationBody {
  status: string;
  errorMessage: string | null;
  attempts: number;
}

async function newestOperation(installation: Installation, path: string): Promise<OperationBody | undefined> {
  const { body } = await installation.call<{ data: OperationBody[] }>('GET', `${path}/operations`);
  return body.data[0];
}

test('an engine that is down: not ready and why, reads go on, and creates are done once it is back', async () => {
  await using installation = new Installation();
  await using proxy = await EngineProxy.start();
  await installation.start({ DOCKER_HOST: 'unix:///nonexistent/docker.sock' });
  const readiness = await installation.call<{ code: string; detail: string }>('GET', '/readyz');
  expect([readiness.status, readiness.body.code]).toEqual([503, 'not_usable']);
  expect(readiness.body.detail).toMatch(/Docker/);
  expect((await installation.call('GET', '/healthz')).status).toBe(200);

  const app = await installation.createApp();
  const path = `${app}/databases/patient`;
  expect((await installation.call('PUT', path, { body: { plan: 'free' } })).status).toBe(202);
  await until(async () => ((await newestOperation(installation, path))?.attempts ?? 0) >= 2, 20_000);
  expect((await newestOperation(installation, path))?.errorMessage).toMatch(/Docker/);
  const env = await installation.call<{ code: string; detail: string }>('POST', `${app}/env`, { waitS: 1 });
  expect([env.status, env.body.code]).toEqual([409, 'database_not_ready']);

  await installation.stop();
  await installation.start({ DOCKER_HOST: proxy.dockerHost });
  await installation.reach(path, 'ready');
  expect((await installation.call('GET', '/readyz')).status).toBe(200);
});

test('an engine that is restarted in mid-dump: the backup waits for it and is made', async () => {
  await using installation = new Installation();
  await using proxy = await EngineProxy.start();
  await installation.start({ DOCKER_HOST: proxy.dockerHost });
  const path = `${await installation.createApp()}/databases/dumped`;
  await installation.call('PUT', path, { body: { plan: 'free' }, waitS: 60 });
  const { directDsn } = await installation.reveal(path);
  const rows = `SELECT i, repeat(md5(i::text), 20) AS text FROM generate_series(1, 200000) i`;
  await installation.query(directDsn, `CREATE TABLE large AS ${rows}`);

  const { directHost } = await installation.reach(path, 'ready');
  const { body } = await installation.call('POST', `${path}/backups`);
  const dumps = async () => {
    const { Processes } = (await installation.docker.getContainer(directHost).top()) as {
      Processes: string[][];
    };
    return Processes.flat().some((command) => command.startsWith('pg_dump --format'));
  };
  await until(dumps, 20_000);
  // As the proxy of an installation with Compose says it.
  proxy.decide = () => ({ status: 503, message: 'Service Unavailable' });
  proxy.breakConnections();
  const operation = () => newestOperation(installation, path);
  await until(async () => /answers 503/.test((await operation())?.errorMessage ?? ''), 30_000);
  const waiting = await operation();
  expect(waiting?.status).toBe('queued');
  // The one that was broken off may count, and no other.
  expect(waiting?.attempts).toBeLessThanOrEqual(1);
  proxy.decide = () => 'pass';
  await until(async () => {
    const { status } = (await installation.call('GET', `${path}/backups/${body.id}`)).body;
    expect(status).not.toBe('failed');
    return status === 'succeeded';
  }, 60_000);
});

test('an image that does not exist: failed with the reason, nothing half-made stays, and it can be tried again', async () => {
  await using installation = new Installation();
  await using proxy = await EngineProxy.start();
  // What a registry that answers says; the one of the machine that runs the tests may not.
  proxy.decide = ({ kind }) =>
    kind === 'POST /images/create'
      ? { status: 404, message: 'manifest for nowhere:17 not found: manifest unknown' }
      : 'pass';
  await installation.start({ DOCKER_HOST: proxy.dockerHost, PAASDB_POSTGRES_IMAGE: 'nowhere:{version}' });
  const path = `${await installation.createApp()}/databases/lost`;
  await installation.call('PUT', path, { body: { plan: 'free', engineVersion: '17' } });
  const { errorMessage } = await installation.reach(path, 'failed', 30_000);
  expect(errorMessage).toMatch(/nowhere:17/);
  const { containers, volumes } = await installation.resources();
  expect([containers, volumes]).toEqual([[], []]);

  await installation.stop();
  await installation.start();
  const again = await installation.call('PUT', path, { body: {}, waitS: 60 });
  expect([again.status, again.body.status, again.body.errorMessage]).toEqual([200, 'ready', null]);
});

test('a full disk: the operation says so, nothing half-made stays after a delete, and room makes it go on', async () => {
  await using installation = new Installation();
  await using proxy = await EngineProxy.start();
  let full = true;
  proxy.decide = ({ kind }) =>
    full && kind === 'POST /volumes/create'
      ? { status: 500, message: 'mkdir /var/lib/docker/volumes/x: no space left on device' }
      : 'pass';
  await installation.start({ DOCKER_HOST: proxy.dockerHost });
  const app = await installation.createApp();
  for (const name of ['cramped', 'dropped']) {
    await installation.call('PUT', `${app}/databases/${name}`, { body: { plan: 'free' } });
    await until(
      async () =>
        /disk/i.test((await newestOperation(installation, `${app}/databases/${name}`))?.errorMessage ?? ''),
      20_000,
    );
  }
  const dropped = await installation.call('DELETE', `${app}/databases/dropped`, { waitS: 60 });
  expect(dropped.body.status).toBe('deleted');
  expect(
    (await installation.resources()).containers.filter((name) => name.endsWith(dropped.body.id)),
  ).toEqual([]);
  full = false;
  await installation.reach(`${app}/databases/cramped`, 'ready');
});

test('two daemons share an engine; two on one data directory do not', async () => {
  await using one = new Installation();
  await using other = new Installation();
  await one.start();
  await other.start();
  for (const installation of [one, other]) {
    const path = `${await installation.createApp()}/databases/main`;
    const answer = await installation.call('PUT', path, { body: { plan: 'free' }, waitS: 60 });
    expect(answer.body.status).toBe('ready');
  }
  expect((await one.resources()).containers).toHaveLength(2);
  expect((await other.resources()).containers).toHaveLength(2);

  await using intruder = new Installation();
  await expect(intruder.start({ PAASDB_DATA_DIR: one.dataDir })).rejects.toThrow(
    /another paasdb daemon runs on/,
  );
  expect(await intruder.exited()).toBe(1);
  expect((await one.call('GET', '/readyz')).status).toBe(200);
});

test('a removal that Docker refuses stays deleting, and is done when it can be', async () => {
  await using installation = new Installation();
  await using proxy = await EngineProxy.start();
  let refuses = true;
  proxy.decide = ({ kind }) =>
    refuses && kind.startsWith('DELETE /containers')
      ? {
          status: 500,
          message: 'driver failed to remove root filesystem: device or resource busy',
        }
      : 'pass';
  await installation.start({ DOCKER_HOST: proxy.dockerHost });
  const path = `${await installation.createApp()}/databases/stubborn`;
  const { body } = await installation.call('PUT', path, { body: { plan: 'free' }, waitS: 60 });
  await installation.call('DELETE', `${path}?deleteVolume=true&finalBackup=false`);
  const byId = path.replace('stubborn', body.id);
  await until(async () => ((await newestOperation(installation, byId))?.attempts ?? 0) >= 2, 60_000);
  expect((await installation.call('GET', byId)).body.status).toBe('deleting');
  refuses = false;
  await installation.reach(byId, 'deleted', 60_000);
  expect(await installation.resources()).toMatchObject({ containers: [], volumes: [] });
});
