import type { DatabaseBody } from './api-client.js';
import { availableVersions, Installation } from './daemon-fixture.js';
import { until } from './until.js';
import { EngineProxy, type EngineRequest } from './engine-proxy.js';

jest.setTimeout(600_000);

type Moment = 'before' | 'after';

describe('a daemon killed with kill -9 at any step of a provision', () => {
  let installation: Installation;
  let version: number;

  beforeAll(async () => {
    version = (await availableVersions()).includes(17) ? 17 : ((await availableVersions())[0] ?? 0);
    installation = new Installation();
  });
  afterAll(() => installation[Symbol.asyncDispose]());

  /** Creates a database while the daemon is killed at its `index`th change, before or after the engine did it. */
  async function crashAt(index: number, moment: Moment): Promise<{ path: string; killed: boolean }> {
    await using proxy = await EngineProxy.start();
    const struck = { killed: false };
    const strike = (when: Moment, { change }: EngineRequest) => {
      if (change !== index || when !== moment) return;
      struck.killed = true;
      installation.kill();
    };
    proxy.decide = (request) => {
      strike('before', request);
      return struck.killed && moment === 'before' ? { status: 500, message: 'the daemon is dead' } : 'pass';
    };
    proxy.done = (request) => strike('after', request);
    await installation.start({ DOCKER_HOST: proxy.dockerHost });
    const app = await installation.createApp();
    const path = `${app}/databases/crash-${index}-${moment}`;
    await installation
      .call('PUT', path, { body: { engineVersion: String(version), plan: 'free' } })
      .catch(() => undefined);
    await until(async () => struck.killed || (await statusOf(path)) === 'ready', 60_000).catch(
      (error: unknown) => {
        throw new Error(
          `stuck ${moment} change ${index} of ${JSON.stringify(proxy.seen)}: ${installation.log.slice(-1000)}`,
          {
            cause: error,
          },
        );
      },
    );
    if (!struck.killed) await installation.stop();
    await installation.exited();
    return { path, killed: struck.killed };
  }

  async function statusOf(path: string): Promise<string> {
    return installation.call('GET', path).then(
      (answer) => answer.body.status,
      () => 'unreachable',
    );
  }

  test('the next start converges: one container of each kind, nothing orphaned, and it answers', async () => {
    const paths: string[] = [];
    let crashes = 0;
    for (const moment of ['before', 'after'] as const) {
      for (let index = 0; ; index += 1) {
        const { path, killed } = await crashAt(index, moment);
        paths.push(path);
        if (!killed) break;
        crashes += 1;
        await installation.start();
        const database = await installation.reach(path, 'ready');
        await expectWhole(installation, database, path);
        await installation.call('DELETE', `${path}?deleteVolume=true&finalBackup=false`, { waitS: 60 });
        await installation.stop();
      }
    }
    // Network, two volumes, two containers, files, two starts, an exec: fewer means the proxy saw too little.
    expect(crashes).toBeGreaterThanOrEqual(14);

    await installation.start();
    await Promise.all(
      paths.map((path) =>
        installation.call('DELETE', `${path}?deleteVolume=true&finalBackup=false`, { waitS: 60 }),
      ),
    );
    await until(async () => (await installation.resources()).containers.length === 0, 60_000);
    expect(await installation.resources()).toEqual({
      containers: [],
      volumes: [],
      networks: [installation.network],
    });
  });
});

async function expectWhole(installation: Installation, database: DatabaseBody, path: string): Promise<void> {
  const { containers, volumes } = await installation.resources();
  const own = (names: string[]) => names.filter((name) => name.endsWith(database.id)).sort();
  const names = [
    `${installation.prefix}-db-${database.id}`,
    `${installation.prefix}-pgbouncer-${database.id}`,
  ];
  expect(own(containers)).toEqual(names);
  expect(own(volumes)).toEqual(names);
  const { dsn, directDsn } = await installation.reveal(path);
  for (const url of [dsn, directDsn]) {
    expect(await installation.query(url, 'SELECT current_database() AS name')).toEqual([{ name: 'app' }]);
  }
}
