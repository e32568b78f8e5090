import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { Installation } from '../test/docker/daemon-fixture.js';
import type { Figure } from './figure.js';
import { median } from './statistics.js';

const run = promisify(execFile);
const POLL_MS = 20;
const GIVE_UP_MS = 120_000;
const VERSION = '17';

/** Create to login through the pooler, beside `docker run` of the same image to its first login. */
export async function provisionFigures(
  installation: Installation,
  { singleRuns, batchRuns, batchSize }: { singleRuns: number; batchRuns: number; batchSize: number },
): Promise<Figure[]> {
  const app = await installation.createApp('default', 'bench');
  const measure = async (count: number, runs: number) => {
    const floors: number[] = [];
    const ours: number[] = [];
    // The first pair fills caches and is not counted.
    for (let index = 0; index <= runs; index += 1) {
      const floor = await timeTogether(count, () => floorRun(installation));
      const own = await timeTogether(count, () => createRun(installation, app));
      if (index > 0) {
        floors.push(floor);
        ours.push(own);
      }
    }
    return { value: median(ours), floor: median(floors) };
  };
  return [
    {
      name: `create to login through the pooler (median of ${singleRuns})`,
      unit: 'ms',
      ...(await measure(1, singleRuns)),
      goal: { atMost: 1.3, of: 'ratio' },
    },
    {
      name: `${batchSize} creates at once, until the last login (median of ${batchRuns})`,
      unit: 'ms',
      ...(await measure(batchSize, batchRuns)),
      goal: { atMost: 1.3, of: 'ratio' },
    },
  ];
}

interface Running {
  cleanUp: () => Promise<unknown>;
}

/** How long `count` of these take side by side, in ms. What they made is removed afterwards, out of the time. */
async function timeTogether(count: number, start: () => Promise<Running>): Promise<number> {
  const startedMs = performance.now();
  const running = await Promise.all(Array.from({ length: count }, start));
  const tookMs = performance.now() - startedMs;
  await Promise.all(running.map(({ cleanUp }) => cleanUp()));
  return tookMs;
}

async function floorRun({ docker, prefix }: Installation): Promise<Running> {
  const image = (process.env.PAASDB_POSTGRES_IMAGE ?? 'postgres:{version}-alpine').replace(
    '{version}',
    VERSION,
  );
  const name = `${prefix}-floor-${crypto.randomUUID().slice(0, 8)}`;
  const environment = ['-e', 'POSTGRES_PASSWORD=floor', '-e', 'POSTGRES_DB=app'];
  await run('docker', ['run', '-d', '--name', name, ...environment, image]);
  const { NetworkSettings } = await docker.getContainer(name).inspect();
  const [address] = Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress);
  await loginUntilItWorks(`postgresql://postgres:floor@${address ?? ''}:5432/app`);
  return { cleanUp: () => docker.getContainer(name).remove({ force: true, v: true }) };
}

async function createRun(installation: Installation, app: string): Promise<Running> {
  const name = `bench-${crypto.randomUUID().slice(0, 8)}`;
  const path = `${app}/databases/${name}`;
  const answer = await installation.call('PUT', path, { body: { engineVersion: VERSION }, waitS: 60 });
  if (answer.body.status !== 'ready')
    throw new Error(`${name} is ${answer.body.status}: ${answer.body.errorMessage}`);
  const { dsn } = await installation.reveal(path);
  await (await installation.connect(dsn)).end();
  return {
    cleanUp: () => installation.call('DELETE', `${path}?deleteVolume=true&finalBackup=false`, { waitS: 60 }),
  };
}

async function loginUntilItWorks(connectionString: string): Promise<void> {
  const deadlineMs = performance.now() + GIVE_UP_MS;
  for (;;) {
    const client = new Client({ connectionString, connectionTimeoutMillis: 2000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (performance.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
